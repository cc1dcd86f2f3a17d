// `flashbid restore`: fills a Redis from its archive, by the same admission and the same refill as a node's, but for
// every shard and also into an empty Redis. Runs on the calling thread, until it is done.
#pragma once

#include <functional>
#include <string>

#include "archive/url.hpp"
#include "base/result.hpp"
#include "engine/redis/refill.hpp"
#include "redis/url.hpp"

namespace flashbid {

struct RestoreOptions {
  ArchiveUrl from;
  redis::Url to;
  bool unchecked = false;  // the operator vouches for Redis's settings
  std::function<void(const std::string& line)> on_notice;
  std::function<void(unsigned shard, unsigned shards, const RefillCounts&)> on_shard;  // one is done; on any thread
};

// What was put back; nothing if Redis lacked nothing. May be given up at any point and called again: it only adds.
//   Failure::invalid      the archive holds no ledger that was in Redis, or Redis is unfit or of another one
//   Failure::corrupt      Redis and archive went different ways
//   Failure::unavailable  PostgreSQL or Redis does not answer
[[nodiscard]] Result<RefillCounts> restore_redis(RestoreOptions options);

}  // namespace flashbid
