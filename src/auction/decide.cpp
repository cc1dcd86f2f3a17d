#include "auction/decide.hpp"

#include <array>
#include <utility>

#include "auction/english.hpp"
#include "base/assert.hpp"

namespace flashbid {
namespace {

constexpr std::array<std::pair<Reason, std::string_view>, 8> reason_names{{
    {Reason::none, ""},
    {Reason::not_open_yet, "not_open_yet"},
    {Reason::closed, "closed"},
    {Reason::cancelled, "cancelled"},
    {Reason::own_auction, "own_auction"},
    {Reason::already_leading, "already_leading"},
    {Reason::amount_below_minimum, "amount_below_minimum"},
    {Reason::amount_above_limit, "amount_above_limit"},
}};

bool boundary_due(const Auction& auction, Timestamp now) {
  const auto boundary = auction.next_boundary();
  return boundary && now >= *boundary;
}

// Appends an event of `auction` and applies it, so that the next one is decided on the state after it.
void append(Auction& auction, Events& events, Timestamp now, EventBody body) {
  events.push_back({auction.sequence.next(), now, std::move(body)});
  apply(auction, events.back());
}

// Sold if there was a bid and the reserve, if any, is met.
Closed close_of(const Auction& auction) {
  const bool sold = auction.bids > 0 && auction.reserve_met().value_or(true);
  return {.winner = sold ? auction.leader : BidderId{}, .price = auction.standing_price(), .sold = sold};
}

// Appends what time alone has brought about by `now`: opened, closed, or both.
void pass_boundaries(Auction& auction, Events& events, Timestamp now) {
  if (auction.state == AuctionState::scheduled && boundary_due(auction, now)) append(auction, events, now, Opened{});
  if (auction.state == AuctionState::open && boundary_due(auction, now))
    append(auction, events, now, close_of(auction));
}

// The three commands, on an auction that has no boundary due.

void decide_one(const Auction& auction, const Bid& bid, Timestamp now, Decision& decision) {
  require(bid.amount >= Amount{0} && bid.amount <= max_amount, "a bid's amount is between 0 and 2^53-1");
  switch (auction.terms->format) {
    case Format::english:
      decision.reason = english::check(auction, bid);
      if (decision.reason == Reason::none) english::accept(auction, bid, now, decision.events);
      return;
  }
}

void decide_one(const Auction& auction, const Cancel&, Timestamp now, Decision& decision) {
  if (auction.state == AuctionState::closed) {
    decision.reason = Reason::closed;
  } else if (auction.state == AuctionState::cancelled) {
    decision.reason = Reason::cancelled;
  } else {
    decision.events.push_back({auction.sequence.next(), now, Cancelled{}});
  }
}

void decide_one(const Auction&, const Tick&, Timestamp, Decision&) {}

void decide_at_rest(const Auction& auction, const Command& command, Timestamp now, Decision& decision) {
  std::visit([&](const auto& one) { decide_one(auction, one, now, decision); }, command);
  decision.verdict = decision.reason == Reason::none ? Verdict::accepted : Verdict::rejected;
}

// What each event does to the auction.
struct Effect {
  Auction& auction;

  void operator()(const Created& event) const {
    auction.terms = event.terms;
    auction.state = AuctionState::scheduled;
    auction.closes_at = event.terms->closes_at;
  }
  void operator()(const Opened&) const { auction.state = AuctionState::open; }
  void operator()(const BidAccepted& event) const {
    auction.price = event.price;
    auction.leader = event.leader;
    ++auction.bids;
  }
  void operator()(const Extended& event) const {
    auction.closes_at = event.closes_at;
    auction.extensions = event.extensions;
  }
  void operator()(const Closed& event) const {
    auction.state = AuctionState::closed;
    auction.sold = event.sold;
  }
  void operator()(const Cancelled&) const { auction.state = AuctionState::cancelled; }
};

}  // namespace

std::string_view to_text(Verdict verdict) { return verdict == Verdict::accepted ? "accepted" : "rejected"; }

std::string_view to_text(Reason reason) {
  for (const auto& [known, name] : reason_names) {
    if (known == reason) return name;
  }
  return "";
}

std::optional<Reason> parse_reason(std::string_view text) {
  for (const auto& [reason, name] : reason_names) {
    if (reason != Reason::none && name == text) return reason;
  }
  return std::nullopt;
}

Decision decide(const Auction& auction, const Command& command, Timestamp now) {
  Decision decision;
  if (!boundary_due(auction, now)) {
    decide_at_rest(auction, command, now, decision);
    return decision;
  }
  Auction moved = auction;
  pass_boundaries(moved, decision.events, now);
  decide_at_rest(moved, command, now, decision);
  return decision;
}

Events create(const SharedTerms& terms, Timestamp now) {
  Auction auction;
  Events events;
  append(auction, events, now, Created{terms});
  pass_boundaries(auction, events, now);
  return events;
}

void apply(Auction& auction, const Event& event) {
  require(event.sequence == auction.sequence.next(), "events are applied in sequence, without a gap");
  std::visit(Effect{auction}, event.body);
  auction.sequence = event.sequence;
}

}  // namespace flashbid
