// The simple truth about a rate limit: how many were admitted in any window of one period. Values only; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "access/gcra.hpp"

namespace flashbid::testing {

// When something was decided, as far as the one who asked knows: not before `first`, not after `last`.
struct Decided {
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
};

// The most that surely lie in one window of `period_us`, its ends included.
inline std::size_t most_in_a_window(std::vector<Decided> admitted, std::int64_t period_us) {
  // A window that begins with somebody's first moment holds all that began since and ended in time.
  std::ranges::sort(admitted, {}, &Decided::first_us);
  std::size_t most = 0;
  for (std::size_t i = 0; i < admitted.size(); ++i) {
    const std::int64_t end = admitted[i].first_us + period_us;
    std::size_t inside = 0;
    for (std::size_t k = i; k < admitted.size() && admitted[k].first_us <= end; ++k) {
      inside += admitted[k].last_us <= end ? 1U : 0U;
    }
    most = std::max(most, inside);
  }
  return most;
}

// The same for moments that are known.
inline std::size_t most_in_a_window(std::vector<std::int64_t> admitted_us, std::int64_t period_us) {
  std::ranges::sort(admitted_us);
  std::size_t most = 0;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < admitted_us.size(); ++end) {
    while (admitted_us[end] - admitted_us[begin] > period_us) ++begin;
    most = std::max(most, end + 1 - begin);
  }
  return most;
}

inline std::size_t allowed_in_a_window(const Rate& rate) { return std::size_t{rate.limit} + rate.burst; }

}  // namespace flashbid::testing
