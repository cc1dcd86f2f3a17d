// How often something may happen: GCRA, the generic cell rate algorithm, as pure functions over whole numbers. Plain
// values: any thread; never allocates, never reads a clock.
//
// What is remembered of a limited thing is one moment, the theoretical arrival time (TAT): when it would have been
// idle for just long enough to have its whole burst again. One that has passed says nothing more.
//
// The bound: with Rate{limit, period, burst}, at most limit + burst are admitted in any window of one period, its ends
// included; burst of them at once; and whoever leaves at least period / limit between each two is never refused. Both
// are exact because that time is: it is counted in parts of a microsecond, 1 / limit each. (Who comes evenly, limit a
// period, needs a burst of 2: clocks round, and networks are not even.) (n admitted in a window of length w: each moves
// the TAT by period / limit from the first's moment on at least, and the last found it at most burst - 1 of these
// ahead, so n - 1 <= w * limit / period + burst - 1.)
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace flashbid {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t minute_us = 60 * second_us;
inline constexpr std::int64_t hour_us = 60 * minute_us;

struct Rate {
  std::uint32_t limit = 1;             // a period, 1 … max_limit
  std::int64_t period_us = second_us;  // 1 … max_period_us
  std::uint32_t burst = 1;             // at once, 1 … max_burst

  // With these, all that is counted stays below 2^53, so that Lua counts the same (access/redis/lua/gcra.lua).
  static constexpr std::uint32_t max_limit = 1'000'000;
  static constexpr std::uint32_t max_burst = 1'000'000;
  static constexpr std::int64_t max_period_us = hour_us;

  friend bool operator==(const Rate&, const Rate&) = default;
};

// A moment or a length of time: microseconds, and parts of one more, each 1 / limit of it.
struct FineTime {
  std::int64_t us = 0;
  std::uint32_t part = 0;  // 0 … limit - 1
  friend constexpr auto operator<=>(const FineTime&, const FineTime&) = default;
};

struct GcraDecision {
  bool admitted = false;
  // From now on. That of a refusal differs from what was known only if the clock has run back.
  FineTime tat;
  // Of a refusal: so long until the next one is admitted, if nobody comes before; at least 1.
  std::int64_t retry_after_us = 0;
};

class Gcra {
 public:
  constexpr explicit Gcra(const Rate& rate)
      : parts_(rate.limit),
        interval_(length_of(rate, 1)),
        tolerance_(length_of(rate, rate.burst - 1)),
        whole_(length_of(rate, rate.burst)) {}

  // `tat`: what is known; {} = nothing. A clock that has run back gives nothing: what was used up stays so. No TAT can
  // be further ahead than a burst that was used up just now, so that one is cut to there, and the clock's error is not
  // waited for.
  [[nodiscard]] constexpr GcraDecision decide(FineTime tat, std::int64_t now_us) const {
    const FineTime now{now_us, 0};
    tat = std::min(tat, plus(now, whole_));
    if (tat <= plus(now, tolerance_)) return {true, plus(std::max(tat, now), interval_), 0};
    const std::int64_t rest = tat.part > tolerance_.part ? 1 : 0;
    return {false, tat, tat.us - tolerance_.us - now_us + rest};
  }

  // The time between two, and how far ahead a TAT may be found.
  [[nodiscard]] constexpr FineTime interval() const { return interval_; }
  [[nodiscard]] constexpr FineTime tolerance() const { return tolerance_; }
  // How many parts a microsecond has.
  [[nodiscard]] constexpr std::uint32_t parts() const { return parts_; }

 private:
  // `count` intervals.
  [[nodiscard]] static constexpr FineTime length_of(const Rate& rate, std::uint32_t count) {
    const std::int64_t parts = rate.period_us * count;
    return {parts / rate.limit, static_cast<std::uint32_t>(parts % rate.limit)};
  }
  [[nodiscard]] constexpr FineTime plus(FineTime a, FineTime b) const {
    const std::uint32_t part = a.part + b.part;
    return part < parts_ ? FineTime{a.us + b.us, part} : FineTime{a.us + b.us + 1, part - parts_};
  }

  std::uint32_t parts_;
  FineTime interval_, tolerance_, whole_;
};

}  // namespace flashbid
