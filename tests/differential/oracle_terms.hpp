// The core's values in the oracle's words.
#pragma once

#include <string>

#include "auction/auction.hpp"
#include "auction/decide.hpp"
#include "differential/naive_oracle.hpp"

namespace flashbid::differential {

inline naive::Number or_none(std::optional<Amount> amount) { return amount ? amount->value() : -1; }

inline std::string text(const BidderId& bidder) { return std::string(bidder.view()); }

inline naive::Terms oracle_terms(const Terms& terms) {
  naive::Terms made;
  made.opening_price = terms.opening_price.value();
  switch (terms.increment.kind()) {
    case Increment::Kind::fixed:
      made.increment = "step";
      made.step = terms.increment.fixed_step().value();
      break;
    case Increment::Kind::table:
      made.increment = "table";
      for (const auto& [below, step] : terms.increment.rows()) made.table.push_back({or_none(below), step.value()});
      break;
    case Increment::Kind::preset:
      made.increment = to_text(terms.increment.preset_name());
      break;
  }
  const std::string_view currency = terms.currency.code();
  made.decimals = currency == "JPY" ? 0 : currency == "KWD" ? 3 : currency == "CLF" ? 4 : 2;
  made.reserve = or_none(terms.reserve);
  made.amount_limit = or_none(terms.amount_limit);
  made.opens_at = terms.opens_at.ms;
  made.closes_at = terms.closes_at.ms;
  if (terms.soft_close) {
    made.soft_close = terms.soft_close->mode == SoftClose::Mode::from_bid ? "from_bid" : "from_close";
    made.window_ms = terms.soft_close->window.ms;
    made.extend_ms = terms.soft_close->extend.ms;
    if (terms.soft_close->max_extensions) made.max_extensions = *terms.soft_close->max_extensions;
  }
  made.seller = text(terms.seller);
  made.self_outbid = terms.self_outbid;
  return made;
}

// Fills in what the event's kind has.
struct FactOf {
  naive::Fact& fact;

  void operator()(const Created&) const {}
  void operator()(const Opened&) const {}
  void operator()(const BidAccepted& event) const {
    fact.bidder = text(event.bidder);
    fact.amount = event.amount.value();
    fact.price = event.price.value();
    fact.leader = text(event.leader);
    fact.minimum_next = or_none(event.minimum_next);
    fact.closes_at = event.closes_at.ms;
  }
  void operator()(const Extended& event) const {
    fact.closes_at = event.closes_at.ms;
    fact.extensions = event.extensions;
  }
  void operator()(const Closed& event) const {
    fact.winner = text(event.winner);
    fact.price = or_none(event.price);
    fact.sold = event.sold ? "true" : "false";
  }
  void operator()(const Cancelled&) const {}
};

inline naive::Fact oracle_fact(const Event& event) {
  naive::Fact fact;
  fact.sequence = static_cast<naive::Number>(event.sequence.value());
  fact.event = name_of(event.body);
  fact.at = event.at.ms;
  std::visit(FactOf{fact}, event.body);
  return fact;
}

inline naive::View oracle_view(const Auction& auction) {
  naive::View view;
  view.sequence = static_cast<naive::Number>(auction.sequence.value());
  view.state = to_text(auction.state);
  view.bids = static_cast<naive::Number>(auction.bids);
  view.price = or_none(auction.standing_price());
  view.leader = text(auction.leader);
  view.minimum_next = or_none(auction.minimum_next());
  view.extensions = auction.extensions;
  view.closes_at = auction.closes_at.ms;
  view.winner = text(auction.winner().value_or(BidderId{}));
  if (auction.state == AuctionState::closed) view.sold = auction.sold ? "true" : "false";
  if (const auto met = auction.reserve_met()) view.reserve_met = *met ? "true" : "false";
  return view;
}

// Puts the command to the oracle.
struct Ask {
  naive::Auction& oracle;
  Timestamp now;

  naive::Answer operator()(const Bid& bid) const { return oracle.bid(text(bid.bidder), bid.amount.value(), now.ms); }
  naive::Answer operator()(const Cancel&) const { return oracle.cancel(now.ms); }
  naive::Answer operator()(const Tick&) const { return oracle.tick(now.ms); }
};

}  // namespace flashbid::differential
