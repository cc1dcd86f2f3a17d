#include "auction/english.hpp"

#include <algorithm>
#include <limits>

namespace flashbid::english {
namespace {

bool is_seller(const Auction& auction, const BidderId& bidder) {
  return !auction.terms->seller.empty() && bidder == auction.terms->seller;
}

bool leads(const Auction& auction, const BidderId& bidder) { return auction.bids > 0 && bidder == auction.leader; }

bool reaches_minimum(const Auction& auction, Amount amount) {
  const auto minimum = auction.minimum_next();
  return minimum && amount >= *minimum;
}

// The end after a bid accepted at `now`, before the auction's end. It never moves back, nor past what can be written.
Timestamp end_after_bid(const Auction& auction, Timestamp now) {
  const auto& soft_close = auction.terms->soft_close;
  if (!soft_close || now < auction.closes_at - soft_close->window) return auction.closes_at;
  const auto limit = soft_close->max_extensions.value_or(std::numeric_limits<std::uint32_t>::max());
  if (auction.extensions >= limit) return auction.closes_at;

  const Timestamp from = soft_close->mode == SoftClose::Mode::from_bid ? now : auction.closes_at;
  return std::max(auction.closes_at, std::min(from + soft_close->extend, max_timestamp));
}

}  // namespace

Reason check(const Auction& auction, const Bid& bid) {
  const Terms& terms = *auction.terms;
  if (auction.state == AuctionState::scheduled) return Reason::not_open_yet;
  if (auction.state == AuctionState::closed) return Reason::closed;
  if (auction.state == AuctionState::cancelled) return Reason::cancelled;
  if (is_seller(auction, bid.bidder)) return Reason::own_auction;
  if (!terms.self_outbid && leads(auction, bid.bidder)) return Reason::already_leading;
  if (!reaches_minimum(auction, bid.amount)) return Reason::amount_below_minimum;
  if (terms.amount_limit && bid.amount > *terms.amount_limit) return Reason::amount_above_limit;
  return Reason::none;
}

void accept(const Auction& auction, const Bid& bid, Timestamp now, Events& events) {
  const Sequence sequence = auction.sequence.next();
  events.push_back({sequence, now,
                    BidAccepted{.bidder = bid.bidder,
                                .amount = bid.amount,
                                .price = bid.amount,
                                .leader = bid.bidder,
                                .minimum_next = auction.terms->increment.minimum_next(bid.amount),
                                .closes_at = auction.closes_at}});
  const Timestamp end = end_after_bid(auction, now);
  if (end > auction.closes_at) events.push_back({sequence.next(), now, Extended{end, auction.extensions + 1}});
}

}  // namespace flashbid::english
