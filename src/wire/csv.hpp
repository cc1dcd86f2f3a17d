// A history of bids as CSV (RFC 4180) for a spreadsheet. Appends to the caller's text; pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auction/currency.hpp"
#include "base/result.hpp"
#include "engine/engine.hpp"
#include "wire/bidder_names.hpp"

namespace flashbid {

inline constexpr std::string_view csv_type = "text/csv; charset=utf-8; header=present";

// A field that somebody else worded. A spreadsheet takes what begins with = + - @, a tab or a line's end for a formula:
// such a text gets an apostrophe in front, which none of our ids has, so that it reads back as it was.
void append_csv_text(std::string_view text, std::string& out);

// The columns: sequence, at, bidder, amount (a decimal of major units), currency, amount_minor (as in JSON).
void append_bids_csv_header(std::string& out);
// A line for each bid of the page up to the event numbered `last`.
[[nodiscard]] Result<void> append_bids_csv(const EventsPage& page, Sequence last, const Currency& currency,
                                           BidderNames names, std::string& out);

}  // namespace flashbid
