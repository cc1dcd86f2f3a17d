// Remembered keys as the parameters of one statement.
#pragma once

#include <span>
#include <string_view>

#include "archive/parameters.hpp"
#include "ledger/history_step.hpp"

namespace flashbid::archive {

// What a statement calls them: o operation, c scope, r caller, k key, f fingerprint, a auction, s sequence, n the place
// among them, from 1.
inline constexpr std::string_view key_rows =
    "unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY AS u(o, c, r, k, f, a, s, n)";

// $1 to $7 of `key_rows`.
[[nodiscard]] Parameters key_columns(std::span<const RememberedKey> keys);

}  // namespace flashbid::archive
