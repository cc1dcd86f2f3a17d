// What a shard's meta hash says beside its epoch and incarnation. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "redis/command.hpp"
#include "redis/reply.hpp"

namespace flashbid::redis {

// That what is decided here also goes to an archive: the shard's next primary is then not to be admitted by a node that
// cannot ask the archive.
inline constexpr std::string_view archived_field = "archived";

// To be sent by whoever archives a shard, before it lets go of anything there.
[[nodiscard]] Command mark_archived(unsigned shard);

// How many shards this Redis is divided into: the question, and what its answer (no error reply) means; 0 = there is no
// data. Failure::corrupt if it is no number of shards.
[[nodiscard]] Command ask_shards();
[[nodiscard]] Result<unsigned> read_shards(const Reply& reply);

}  // namespace flashbid::redis
