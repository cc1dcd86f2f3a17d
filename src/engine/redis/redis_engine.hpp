// The engine over Redis: what this node sends there from one thread of its own, for all loops. Redis decides, orders
// and keeps; a node has no state that matters. start() before the loops run, stop() after they have ended.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/url.hpp"
#include "base/executor.hpp"
#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/redis/durability.hpp"
#include "redis/url.hpp"

namespace flashbid {

struct RedisEngineOptions {
  redis::Url url;
  std::vector<Executor*> loops;
  RedisDurability durability;
  unsigned shards = 0;                // 0 = as Redis says, and 16 if it is new; anything else must be what it says
  bool unchecked = false;             // the operator vouches for Redis's settings
  std::optional<ArchiveUrl> archive;  // what has left Redis is read there, and what Redis lost is put back from there
  std::function<void(const std::string& line)> on_notice;  // for the log; from any thread
  std::function<bool()> gives_up;  // asked by start() again and again while it waits; empty = never
};

// What the Redis engine counts beside the engine's own counters.
struct RedisCounters {
  std::uint64_t lost = 0;               // events acknowledged by this node that a failover lost
  std::uint64_t short_of_replicas = 0;  // accepted bids whose replicas were too few in time
  std::uint64_t in_flight = 0;          // commands unanswered
  // What waits for each consumer group of the shards' streams, as Redis last told.
  std::map<std::string, std::uint64_t> waiting_by_group{};
};

class RedisEngine {
 public:
  // Finds Redis, checks that it can keep what is promised, and is admitted to its shards. Failure::invalid if what
  // stands there is unfit or the URL is wrong, or if the archive is of another ledger; unavailable if nobody answers.
  // An archive that is away is waited for, unless Redis has changed and has to be compared with it: that takes as long
  // as there is to be put back. Failure::unavailable too if options.gives_up.
  [[nodiscard]] static Result<std::unique_ptr<RedisEngine>> start(RedisEngineOptions options);
  ~RedisEngine();
  RedisEngine(const RedisEngine&) = delete;
  RedisEngine& operator=(const RedisEngine&) = delete;

  // The engine as loop k sees it.
  [[nodiscard]] Engine& on_loop(std::size_t k);
  [[nodiscard]] unsigned shards() const;
  // Any thread.
  [[nodiscard]] RedisCounters redis_counters() const;

  // Ends its thread; what Redis has not answered yet is answered as unknown. The loops have ended, or still run what
  // is posted to them.
  void stop();

 private:
  struct Parts;
  explicit RedisEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid
