// A call of one of the library's functions on a shard. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "redis/command.hpp"

namespace flashbid::redis {

// With room for `arguments` to be added. `name`: as it is registered in Redis. It names never_key() beside the meta
// key.
[[nodiscard]] CommandBuilder function_call(std::string_view name, std::string_view meta_key, std::size_t arguments,
                                           bool reads_only = false);

}  // namespace flashbid::redis
