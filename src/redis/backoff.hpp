// Pauses between attempts: they double from 10 ms to half a second, and vary, so that many nodes do not come at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace flashbid::redis {

[[nodiscard]] inline std::chrono::milliseconds backoff(unsigned attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const unsigned whole = std::min(500U, 10U << std::min(attempt, 6U));
  return std::chrono::milliseconds(whole / 2 + random() % (whole / 2 + 1));
}

}  // namespace flashbid::redis
