// Pieces of JSON output that every encoder shares. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid::json {

// Appends `text` quoted and escaped (RFC 8259). `text` is valid UTF-8: everything that reached the core was checked.
void append_text(std::string_view text, std::string& out);
void append_number(std::int64_t value, std::string& out);
void append_number(std::uint64_t value, std::string& out);
// A number or null.
void append_amount(std::optional<Amount> amount, std::string& out);
// A text or null if empty.
void append_bidder(const BidderId& bidder, std::string& out);
// A quoted RFC 3339 time.
void append_time(Timestamp time, std::string& out);

}  // namespace flashbid::json
