// Redis's clock as a node knows it between two answers: never ahead of it, never running back. Any thread may ask.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace flashbid {

class RedisClock {
 public:
  // Redis told `time` in an answer that has come just now: it is at least that late there.
  void told(Timestamp time) { offset_ms_ = time.ms - local_ms(); }

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

  std::atomic<std::int64_t> offset_ms_{0};
  std::atomic<std::int64_t> newest_ms_{0};
};

}  // namespace flashbid
