// Redis's clock as a node knows it between two answers: that of the primary whose clock is the furthest behind, so that
// what begins "now" has begun on every shard. Never running back. Any thread may ask; the Redis thread is told.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/time.hpp"

namespace flashbid {

class RedisClock {
 public:
  // The primary of `shard` told `time` in an answer that has come just now: it is at least that late there.
  void told(unsigned shard, Timestamp time) {
    if (shard >= offsets_ms_.size()) offsets_ms_.resize(shard + 1, std::numeric_limits<std::int64_t>::max());
    offsets_ms_[shard] = time.ms - local_ms();
    offset_ms_ = *std::ranges::min_element(offsets_ms_);
  }

  [[nodiscard]] Timestamp now() {
    const std::int64_t there = local_ms() + offset_ms_;
    std::int64_t newest = newest_ms_;
    while (there > newest && !newest_ms_.compare_exchange_weak(newest, there)) {
    }
    return {std::max(there, newest)};
  }

 private:
  [[nodiscard]] static std::int64_t local_ms() {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
  }

  std::vector<std::int64_t> offsets_ms_;    // by shard
  std::atomic<std::int64_t> offset_ms_{0};  // the least of them
  std::atomic<std::int64_t> newest_ms_{0};
};

}  // namespace flashbid
