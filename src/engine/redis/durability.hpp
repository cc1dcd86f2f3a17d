// What an acknowledged bid survives under the Redis engine. Values only.
#pragma once

#include <optional>
#include <string_view>

namespace flashbid {

//   memory        the node's death; Redis may lose what it has not written
//   fsync         the death of Redis too: it answers once its append-only file is synced (appendfsync always)
//   replicated:N  that, and an accepted bid is answered once N replicas have received it; fewer = outcome_unknown
struct RedisDurability {
  bool fsync = true;
  unsigned replicas = 0;
  friend bool operator==(const RedisDurability&, const RedisDurability&) = default;
};

// "memory", "fsync", "replicated:N" with N from 1 to 16.
[[nodiscard]] std::optional<RedisDurability> parse_redis_durability(std::string_view text);

}  // namespace flashbid
