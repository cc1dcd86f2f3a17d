// An entry of a shard's stream, taken out of a reply. Pure; any thread.
#pragma once

#include <string_view>

#include "redis/reply.hpp"

namespace flashbid::redis {

// The texts as they stand there, valid as long as the reply; empty where one is missing, all of them if it is no entry.
struct EntryFields {
  std::string_view id, auction, epoch, sequence, payload, secret;
};

// `entry`: [id, [name, value, …]], as XRANGE and XREAD answer it.
[[nodiscard]] EntryFields entry_fields(const Reply& entry);

}  // namespace flashbid::redis
