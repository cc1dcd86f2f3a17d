#include "access/rate_text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace flashbid {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 3> periods{
    {{"s", second_us}, {"min", minute_us}, {"h", hour_us}}};
constexpr std::string_view burst_word = " burst ";

std::unexpected<Error> no_rate(std::string_view text, std::string_view why) {
  return fail(Failure::invalid,
              fmt::format("a rate like 20/s, 100/min burst 30 or off is expected, not \"{}\": {}", text, why));
}

// A whole number from 1 to `most`; 0 if it is none.
std::uint32_t count_of(std::string_view digits, std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && number <= most ? number : 0;
}

}  // namespace

Result<std::optional<Rate>> parse_rate(std::string_view text) {
  if (text == "off") return std::nullopt;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return no_rate(text, "it has no /s, /min or /h");
  const auto space = text.find(' ', slash);
  Rate rate;
  rate.limit = count_of(text.substr(0, slash), Rate::max_limit);
  if (rate.limit == 0) {
    return no_rate(text, fmt::format("before the / a whole number from 1 to {} is expected", Rate::max_limit));
  }
  const std::string_view period = text.substr(slash + 1, space == std::string_view::npos ? space : space - slash - 1);
  const auto* const known = std::ranges::find(periods, period, &decltype(periods)::value_type::first);
  if (known == periods.end()) return no_rate(text, "behind the / stands s, min or h");
  rate.period_us = known->second;
  rate.burst = rate.limit;
  if (space == std::string_view::npos) return rate;
  const std::string_view rest = text.substr(space);
  rate.burst = rest.starts_with(burst_word) ? count_of(rest.substr(burst_word.size()), Rate::max_burst) : 0;
  if (rate.burst > 0) return rate;
  return no_rate(text,
                 fmt::format("behind it stands nothing, or burst and a whole number from 1 to {}", Rate::max_burst));
}

std::string to_text(const std::optional<Rate>& rate) {
  if (!rate) return "off";
  for (const auto& [name, us] : periods) {
    if (us == rate->period_us) return fmt::format("{}/{} burst {}", rate->limit, name, rate->burst);
  }
  return fmt::format("{}/{}us burst {}", rate->limit, rate->period_us, rate->burst);
}

}  // namespace flashbid
