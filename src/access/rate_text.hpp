// Rates as an operator writes them: `20/s`, `100/min burst 30`, `5/h burst 1`, `off`. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/gcra.hpp"
#include "base/result.hpp"

namespace flashbid {

// nullopt = off: not limited. Without `burst`, as many at once as the limit says. Failure::invalid with one line: what
// is wrong and what would be right.
[[nodiscard]] Result<std::optional<Rate>> parse_rate(std::string_view text);

// As parse_rate() reads it; the burst is always there.
[[nodiscard]] std::string to_text(const std::optional<Rate>& rate);

}  // namespace flashbid
