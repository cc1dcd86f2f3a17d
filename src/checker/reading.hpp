// The server's JSON as values of a history: answers, events, auctions, terms, as api.md writes them. Bidders become
// indices of the history's names. Pure; one thread. The server's own codecs are not used here: they are what is being
// checked.
#pragma once

#include <simdjson.h>

#include "base/result.hpp"
#include "checker/history.hpp"
#include "client/fields.hpp"

namespace flashbid::checker {

using client::Fields;

// Fills the answer's part of `operation`, whose auction, bidder and amount are what was sent.
[[nodiscard]] Result<void> read_answer(simdjson::dom::element json, Names& bidders, Operation& operation);
[[nodiscard]] Result<HistoryEvent> read_event(simdjson::dom::element json, Names& bidders);
// The auction object of a GET, snapshot, reset or state frame; times of asking and seeing are the caller's.
[[nodiscard]] Result<StateSeen> read_state(simdjson::dom::element json, Names& bidders);
[[nodiscard]] Result<BidRow> read_bid_row(simdjson::dom::element json, Names& bidders);
// The terms in an auction object, as `created` carries it (closes_at is the first one).
[[nodiscard]] Result<Terms> read_terms(simdjson::dom::element json);

}  // namespace flashbid::checker
