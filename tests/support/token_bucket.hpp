// A rate as a bucket of tokens: the same limit in other words, slow and obvious, without any fraction. It holds `burst`
// tokens at most and gets `limit` each period; one is taken for each that is admitted. One thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "access/gcra.hpp"

namespace flashbid::testing {

class TokenBucket {
 public:
  explicit TokenBucket(const Rate& rate) : rate_(rate), level_(full()) {}

  [[nodiscard]] bool has_one(std::int64_t now_us) {
    // Whatever it missed, in the time in which it would fill up from empty it is full.
    const std::int64_t passed = std::min(now_us - seen_us_, rate_.period_us * rate_.burst);
    level_ = std::min(full(), level_ + passed * rate_.limit);
    seen_us_ = now_us;
    return level_ >= rate_.period_us;
  }
  void take() { level_ -= rate_.period_us; }

 private:
  // A token counts as many as the period has microseconds; each of these brings `limit`.
  [[nodiscard]] std::int64_t full() const { return rate_.period_us * rate_.burst; }

  Rate rate_;
  std::int64_t level_;
  std::int64_t seen_us_ = 0;
};

}  // namespace flashbid::testing
