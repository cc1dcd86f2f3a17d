#include "bots/market.hpp"

namespace flashbid::bots {

void Market::add(const checker::AuctionRecord& auction) {
  places_.emplace(auction.id.value(), stalls_.size());
  Stall stall{auction.id, auction.terms.opening_price, {}};
  stall.newest.minimum_next = auction.terms.opening_price;
  stall.newest.closes_at = auction.terms.closes_at;
  stalls_.push_back(stall);
  if (!auction.reads.empty()) learn(auction.id, auction.reads.back());
}

void Market::end(Stall& stall, AuctionState state) {
  const auto has_ended = [](AuctionState s) { return s == AuctionState::closed || s == AuctionState::cancelled; };
  if (has_ended(state) && !has_ended(stall.newest.state)) ++ended_;
  stall.newest.state = state;
}

void Market::learn(const checker::Operation& decided) {
  Stall& stall = stalls_[places_.at(decided.auction.value())];
  const checker::Quote& quote = decided.quote;
  if (decided.outcome != checker::Outcome::accepted && decided.outcome != checker::Outcome::rejected) return;
  if (quote.as_of_sequence < stall.newest.sequence) return;
  stall.newest.sequence = quote.as_of_sequence;
  stall.newest.price = quote.price;
  stall.newest.minimum_next = quote.minimum_next;
  stall.newest.leader = quote.leader;
  stall.newest.closes_at = quote.closes_at;
  if (decided.reason == Reason::closed) end(stall, AuctionState::closed);
  if (decided.reason == Reason::cancelled) end(stall, AuctionState::cancelled);
}

void Market::learn(AuctionId auction, const checker::StateSeen& seen) {
  Stall& stall = stalls_[places_.at(auction.value())];
  if (seen.sequence < stall.newest.sequence) return;
  stall.newest = {seen.sequence, stall.newest.state, seen.price, seen.minimum_next, seen.leader, seen.closes_at};
  end(stall, seen.state);
}

}  // namespace flashbid::bots
