// A clock that stands until a test moves it.
#pragma once

#include <atomic>

#include "base/time.hpp"

namespace flashbid::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_ms_(start.ms) {}
  [[nodiscard]] Timestamp now() override { return {now_ms_.load()}; }
  void raise(Timestamp floor) override {
    if (floor.ms > now_ms_.load()) now_ms_.store(floor.ms);
  }
  void advance(Duration by) { now_ms_.fetch_add(by.ms); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace flashbid::test
