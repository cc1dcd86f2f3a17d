#include "app/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace flashbid {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};

// In the largest unit in which it is whole.
std::string to_text(Duration duration) {
  std::string text = "0s";
  for (const auto& [name, ms] : units) {
    if (duration.ms > 0 && duration.ms % ms == 0) text = fmt::format("{}{}", duration.ms / ms, name);
  }
  return text;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text, Duration most) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, ms] : units) {
    if (unit == name && number <= most.ms / ms) return Duration{number * ms};
  }
  return std::nullopt;
}

CLI::Validator duration_check(Duration least, Duration most) {
  return CLI::Validator(
      [least, most](const std::string& text) -> std::string {
        const auto duration = parse_duration(text, Duration{std::numeric_limits<std::int64_t>::max()});
        if (!duration) return "\"" + text + "\" is no duration such as 500ms, 10s, 2m or 1h";
        if (*duration >= least && *duration <= most) return {};
        return fmt::format("\"{}\" is not from {} to {}", text, to_text(least), to_text(most));
      },
      "DURATION", "duration");
}

}  // namespace flashbid
