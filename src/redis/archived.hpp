// That what a Redis decides also goes to an archive, said in each shard's meta hash: then its next primary is not to be
// admitted by a node that cannot ask the archive. Pure; any thread.
#pragma once

#include <string_view>

#include "redis/command.hpp"
#include "redis/keys.hpp"

namespace flashbid::redis {

inline constexpr std::string_view archived_field = "archived";

// To be sent by whoever archives a shard, before it lets go of anything there.
[[nodiscard]] inline Command mark_archived(unsigned shard) {
  return Command::of({"HSET", meta_key(shard), archived_field, "1"}).may_repeat();
}

}  // namespace flashbid::redis
