#include "redis/function_call.hpp"

#include "redis/keys.hpp"

namespace flashbid::redis {

CommandBuilder function_call(std::string_view name, std::string_view meta_key, std::size_t arguments, bool reads_only) {
  CommandBuilder command(arguments + 5, 224);
  command.add(reads_only ? std::string_view("FCALL_RO") : std::string_view("FCALL")).add(name).add(2).add(meta_key);
  command.add(never_key(meta_key));
  return command;
}

}  // namespace flashbid::redis
