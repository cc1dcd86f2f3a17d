// Auctions to test with: plain valid terms, to be changed one field at a time, and the steps that lead to a state.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "auction/decide.hpp"

namespace flashbid::support {

inline BidderId bidder(std::string_view name) { return parse_bidder_id(name).value(); }

// CNY, opening price 10000, increment 100, open from 1000 until 10000 (milliseconds), no option set.
inline Terms plain_terms() {
  Terms terms;
  terms.title = "a vase";
  terms.opening_price = Amount{10'000};
  terms.increment = Increment::fixed(Amount{100}).value();
  terms.opens_at = Timestamp{1'000};
  terms.closes_at = Timestamp{10'000};
  return terms;
}

// A new auction after the events that creating it at `now` gives.
inline Auction created(Terms terms, Timestamp now) {
  Auction auction;
  auction.id = AuctionId{1};
  for (const auto& event : create(std::make_shared<const Terms>(std::move(terms)), now)) apply(auction, event);
  return auction;
}

// Decides and applies, as the engine does.
inline Decision step(Auction& auction, const Command& command, Timestamp now) {
  Decision decision = decide(auction, command, now);
  for (const auto& event : decision.events) apply(auction, event);
  return decision;
}

inline Bid bid(std::string_view name, std::int64_t amount) { return {bidder(name), Amount{amount}}; }

}  // namespace flashbid::support
