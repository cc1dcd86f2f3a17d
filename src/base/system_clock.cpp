#include "base/system_clock.hpp"

#include <chrono>

namespace flashbid {

Timestamp SystemClock::now() {
  using namespace std::chrono;
  const std::int64_t wall_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  std::int64_t last = last_ms_.load(std::memory_order_relaxed);
  while (wall_ms > last && !last_ms_.compare_exchange_weak(last, wall_ms, std::memory_order_relaxed)) {
  }
  return {wall_ms > last ? wall_ms : last};
}

void SystemClock::raise(Timestamp floor) {
  std::int64_t last = last_ms_.load(std::memory_order_relaxed);
  while (floor.ms > last && !last_ms_.compare_exchange_weak(last, floor.ms, std::memory_order_relaxed)) {
  }
}

std::int64_t steady_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace flashbid
