#include "base/time.hpp"

#include <chrono>

namespace flashbid {
namespace {

constexpr std::int64_t ms_per_day = 86'400'000;

void write_digits(std::int64_t value, int count, char* out) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Reads exactly `count` digits at the front of `text` and removes them; nullopt if they are not there.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The fraction of a second in whole milliseconds; nullopt if there is a point without digits, or over nine of them.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return 0;
  int ms = 0;
  int scale = 100;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
    if (++digits > 9) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  return ms;
}

// The offset from UTC in minutes ("Z", "+08:00").
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  const bool east = text.starts_with('+');
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return east ? total : -total;
}

}  // namespace

void write_timestamp(Timestamp time, char* out) {
  const std::chrono::sys_days day{std::chrono::days{time.ms / ms_per_day}};
  const std::chrono::year_month_day date{day};
  const std::int64_t ms = time.ms % ms_per_day;
  write_digits(static_cast<int>(date.year()), 4, out);
  out[4] = '-';
  write_digits(static_cast<unsigned>(date.month()), 2, out + 5);
  out[7] = '-';
  write_digits(static_cast<unsigned>(date.day()), 2, out + 8);
  out[10] = 'T';
  write_digits(ms / 3'600'000, 2, out + 11);
  out[13] = ':';
  write_digits(ms / 60'000 % 60, 2, out + 14);
  out[16] = ':';
  write_digits(ms / 1000 % 60, 2, out + 17);
  out[19] = '.';
  write_digits(ms % 1000, 3, out + 20);
  out[23] = 'Z';
}

std::string to_text(Timestamp time) {
  std::string text(timestamp_text_size, '\0');
  write_timestamp(time, text.data());
  return text;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction_ms = take_fraction(text);
  if (!fraction_ms) return std::nullopt;
  const auto offset_minutes = take_offset(text);
  if (!offset_minutes || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const Timestamp time{days * ms_per_day + (*hour * 60 + *minute - *offset_minutes) * std::int64_t{60'000} +
                       *second * std::int64_t{1000} + *fraction_ms};
  if (time < Timestamp{0} || time > max_timestamp) return std::nullopt;
  return time;
}

}  // namespace flashbid
