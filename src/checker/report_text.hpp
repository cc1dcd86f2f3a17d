// What the checker found, in words and as JSON. Pure text; any thread.
#pragma once

#include <string>
#include <string_view>

#include "checker/checker.hpp"

namespace flashbid::checker {

// clean, violations or nothing_decided.
[[nodiscard]] std::string_view verdict_of(const Report& report);
// What was checked, and the violations or that there are none; with line breaks.
[[nodiscard]] std::string describe(const Report& report);
// {"sequence_gap":2,…}: the rules that were broken, and how often.
[[nodiscard]] std::string rules_json(const Report& report);
// [{"rule","auction_id","sentence"},…]: the first of each rule.
[[nodiscard]] std::string violations_json(const Report& report);

}  // namespace flashbid::checker
