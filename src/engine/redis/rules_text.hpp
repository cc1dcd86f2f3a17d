// The texts that C++ and the functions of lua/ exchange beside the ledger's own: what goes in, and what comes back.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "auction/auction.hpp"
#include "auction/terms.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// What the rules need of an auction's terms (rules.lua, parse_terms):
//   "opening amount_limit|- reserve|- opens_at window|- extend b|c max_extensions|- self_outbid STEPS seller"
// b = from_bid, c = from_close; self_outbid 1 or 0; STEPS = "step", or "below:step,…,:step"; seller last, may be empty.
[[nodiscard]] std::string rules_text(const Terms& terms);

// Where the ledger stands with an auction, beside what its image says.
struct StoredPosition {
  Timestamp last_at;  // of its last event
  Epoch epoch;        // in which that event was decided
  Sequence base;      // where that epoch began
};
// An auction's state as it is stored: "sequence state sold extensions bids price closes_at last_at epoch base leader".
[[nodiscard]] std::string state_text(const Auction& auction, const StoredPosition& position);

// A bid's answer as the function `bid` replies it:
//   "reason sequence price|- minimum_next|- closes_at as_of_sequence decided_at repeated leader"
[[nodiscard]] std::string bid_reply_text(const BidAnswer& answer);

struct BidReply {
  BidAnswer answer;
  bool repeated = false;  // answered again for its key
};
// Reads it. Failure::corrupt for anything else.
[[nodiscard]] Result<BidReply> read_bid_reply_in_full(std::string_view reply, AuctionId auction, const Bid& bid);
[[nodiscard]] Result<BidAnswer> read_bid_reply(std::string_view reply, AuctionId auction, const Bid& bid);

}  // namespace flashbid
