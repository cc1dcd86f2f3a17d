// Time as the engine sees it: milliseconds since the Unix epoch, UTC, and the port that tells it.
// The server's clock decides; the core takes `now` as a parameter and never asks.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace flashbid {

// A length of time in milliseconds.
struct Duration {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
};

// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
struct Timestamp {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
  friend constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.ms + d.ms}; }
  friend constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.ms - d.ms}; }
  friend constexpr Duration operator-(Timestamp a, Timestamp b) { return {a.ms - b.ms}; }
};

// The last moment that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
inline constexpr Timestamp max_timestamp{253'402'300'799'999};

// RFC 3339 UTC with milliseconds: "2026-01-31T08:00:00.000Z" (24 characters). `out` must hold 24 bytes.
inline constexpr std::size_t timestamp_text_size = 24;
void write_timestamp(Timestamp time, char* out);
[[nodiscard]] std::string to_text(Timestamp time);

// Reads RFC 3339 with any offset and 0-9 digits of fraction (cut to milliseconds); nullopt if it is anything else,
// before 1970 or after 9999.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);

// Port: the authoritative clock. now() never runs back, also across a restart (see raise()).
class Clock {
 public:
  virtual ~Clock() = default;
  // The current moment; never earlier than any moment it told before. Any thread.
  [[nodiscard]] virtual Timestamp now() = 0;
  // From here on now() is at least `floor`: recovery raises it to the last moment the ledger holds.
  virtual void raise(Timestamp floor) = 0;
};

}  // namespace flashbid
