// Events and states as one line of text each, for comparing and for reading in a failed test. Tests' own spelling: it
// shares nothing with the ledger's codec.
#pragma once

#include <fmt/format.h>

#include <string>

#include "auction/auction.hpp"
#include "auction/decide.hpp"

namespace flashbid::support {

inline std::string or_null(std::optional<Amount> amount) {
  return amount ? fmt::format("{}", amount->value()) : std::string("null");
}

inline std::string or_null(const BidderId& bidder) { return bidder.empty() ? "null" : std::string(bidder.view()); }

struct BodyText {
  std::string operator()(const Created&) const { return ""; }
  std::string operator()(const Opened&) const { return ""; }
  std::string operator()(const BidAccepted& event) const {
    return fmt::format(" bidder={} amount={} price={} leader={} minimum_next={} closes_at={}", event.bidder.view(),
                       event.amount.value(), event.price.value(), event.leader.view(), or_null(event.minimum_next),
                       event.closes_at.ms);
  }
  std::string operator()(const Extended& event) const {
    return fmt::format(" closes_at={} extensions={}", event.closes_at.ms, event.extensions);
  }
  std::string operator()(const Closed& event) const {
    return fmt::format(" winner={} price={} sold={}", or_null(event.winner), or_null(event.price), event.sold);
  }
  std::string operator()(const Cancelled&) const { return ""; }
};

inline std::string text_of(const Event& event) {
  return fmt::format("{} {} at={}{}", event.sequence.value(), name_of(event.body), event.at.ms,
                     std::visit(BodyText{}, event.body));
}

inline std::string text_of(const Auction& auction) {
  const bool closed = auction.state == AuctionState::closed;
  return fmt::format("{} {} bids={} price={} leader={} minimum_next={} extensions={} closes_at={} winner={} sold={}",
                     auction.sequence.value(), to_text(auction.state), auction.bids, or_null(auction.standing_price()),
                     or_null(auction.leader), or_null(auction.minimum_next()), auction.extensions, auction.closes_at.ms,
                     or_null(auction.winner().value_or(BidderId{})), closed ? fmt::format("{}", auction.sold) : "null");
}

}  // namespace flashbid::support
