// The real clock: the machine's wall clock, held so that it never runs back.
#pragma once

#include <atomic>

#include "base/time.hpp"

namespace flashbid {

// Any thread may ask. A wall clock that is set back stands still here until it has caught up.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() override;
  void raise(Timestamp floor) override;

 private:
  std::atomic<std::int64_t> last_ms_{0};
};

// Of a clock that never jumps: for pauses and time limits.
[[nodiscard]] std::int64_t steady_ms();

}  // namespace flashbid
