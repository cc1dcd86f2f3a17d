// Lengths of time on the command line: 500ms, 10s, 2m, 1h. Pure; any thread.
#pragma once

#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace flashbid {

inline constexpr Duration day{24 * 3'600'000};

// A whole number and ms, s, m or h; nullopt for anything else, and for over `most`.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, Duration most = day);
// Of a flag that takes one, `least` … `most`.
[[nodiscard]] CLI::Validator duration_check(Duration least = {}, Duration most = day);

}  // namespace flashbid
