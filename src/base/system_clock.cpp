#include "base/system_clock.hpp"

#include <chrono>

namespace flashbid {

Timestamp HeldClock::hold(Timestamp moment) {
  std::int64_t last = last_ms_.load(std::memory_order_relaxed);
  while (moment.ms > last && !last_ms_.compare_exchange_weak(last, moment.ms, std::memory_order_relaxed)) {
  }
  return {moment.ms > last ? moment.ms : last};
}

Timestamp SystemClock::now() {
  using namespace std::chrono;
  return hold({duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()});
}

std::int64_t steady_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace flashbid
