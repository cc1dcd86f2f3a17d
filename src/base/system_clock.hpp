// The real clock: the machine's wall clock, held so that it never runs back, whatever the machine does to it.
#pragma once

#include <atomic>

#include "base/time.hpp"

namespace flashbid {

// A clock over one that may be set back: it stands still then until that one has caught up. Any thread may ask.
class HeldClock : public Clock {
 public:
  void raise(Timestamp floor) final { (void)hold(floor); }

 protected:
  // The later of `moment` and all that was held before.
  [[nodiscard]] Timestamp hold(Timestamp moment);

 private:
  std::atomic<std::int64_t> last_ms_{0};
};

class SystemClock final : public HeldClock {
 public:
  [[nodiscard]] Timestamp now() override;
};

// Of a clock that never jumps: for pauses and time limits.
[[nodiscard]] std::int64_t steady_ms();

}  // namespace flashbid
