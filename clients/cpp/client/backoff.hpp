// How long to wait before the next attempt: doubling up to a bound, and never all at once with the others. Pure.
#pragma once

#include <algorithm>
#include <functional>

#include "flashbid/types.hpp"

namespace flashbid::client {

// From 0 to 1.
using Chance = std::function<double()>;

class Backoff {
 public:
  static constexpr Milliseconds first{250};
  static constexpr Milliseconds most{10'000};

  explicit Backoff(Chance chance) : chance_(std::move(chance)) {}

  // Half of the bound at least, so that an attempt is never immediate; the rest is chance.
  [[nodiscard]] Milliseconds next() {
    const Milliseconds bound = std::min(most, first * (1 << failures_));
    failures_ = std::min(failures_ + 1, 16);
    return Milliseconds(static_cast<std::int64_t>(static_cast<double>(bound.count()) * (0.5 + chance_() / 2)));
  }
  // Where the answer was to stay away.
  [[nodiscard]] Milliseconds longest() {
    failures_ = 16;
    return next();
  }
  void succeeded() { failures_ = 0; }

 private:
  Chance chance_;
  int failures_ = 0;
};

}  // namespace flashbid::client
