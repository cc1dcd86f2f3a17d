#include "checker/replay.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace flashbid::checker {
namespace {

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "none"; }

}  // namespace

Replay::Replay(const AuctionRecord& auction, const Names& bidders, Findings& findings)
    : auction_(auction), bidders_(bidders), findings_(findings) {
  if (!auction.terms.seller.empty()) seller_ = bidders.find(auction.terms.seller.view()).value_or(nobody);
  states_.reserve(auction.events.size() + 1);
  states_.push_back(now_);
  for (const HistoryEvent& event : auction.events) {
    play(event);
    states_.push_back(now_);
  }
  expect_no_extension(nullptr);
  if (!gapless_) sort_states();
}

void Replay::sort_states() {
  by_sequence_.reserve(states_.size());
  for (const ReplayState& state : states_) by_sequence_.push_back(&state);
  // The first of each sequence comes first.
  std::ranges::sort(by_sequence_, {}, [](const ReplayState* state) { return std::pair(state->sequence, state); });
}

const ReplayState* Replay::at(Sequence sequence) const {
  if (sequence.value() < states_.size() && states_[sequence.value()].sequence == sequence) {
    return &states_[sequence.value()];
  }
  if (gapless_) return nullptr;
  const auto found = std::ranges::lower_bound(by_sequence_, sequence, {}, &ReplayState::sequence);
  return found == by_sequence_.end() || (*found)->sequence != sequence ? nullptr : *found;
}

const HistoryEvent* Replay::event(Sequence sequence) const {
  const ReplayState* state = sequence.value() == 0 ? nullptr : at(sequence);
  return state == nullptr ? nullptr : &auction_.events[static_cast<std::size_t>(state - states_.data()) - 1];
}

Sequence Replay::batch_end(Sequence sequence) const {
  const HistoryEvent* next = event(sequence.next());
  return next != nullptr && next->kind == EventKind::extended ? next->sequence : sequence;
}

std::optional<Amount> Replay::minimum_after(Amount price) const {
  const Increment& increment = auction_.terms.increment;
  std::int64_t step = increment.fixed_step().value();
  for (const IncrementRow& row : increment.rows()) {
    step = row.step.value();
    if (!row.below || price < *row.below) break;
  }
  if (price.value() > max_amount.value() - step) return std::nullopt;
  return Amount(price.value() + step);
}

Reason Replay::reason_for(const ReplayState& state, BidderIndex bidder, Amount amount) const {
  const Terms& terms = auction_.terms;
  if (state.state == AuctionState::scheduled) return Reason::not_open_yet;
  if (state.state == AuctionState::closed) return Reason::closed;
  if (state.state == AuctionState::cancelled) return Reason::cancelled;
  if (seller_ != nobody && bidder == seller_) return Reason::own_auction;
  if (!terms.self_outbid && bidder == state.leader) return Reason::already_leading;
  if (!state.minimum_next || amount < *state.minimum_next) return Reason::amount_below_minimum;
  if (terms.amount_limit && amount > *terms.amount_limit) return Reason::amount_above_limit;
  return Reason::none;
}

void Replay::play(const HistoryEvent& event) {
  const AuctionId id = auction_.id;
  if (event.sequence != now_.sequence.next()) {
    gapless_ = false;
    findings_.add(Rule::sequence_gap, id, "event {} of the history follows event {}", event.sequence.value(),
                  now_.sequence.value());
  }
  if (now_.sequence.value() > 0 && event.at < now_.at) {
    findings_.add(Rule::event_time, id, "event {} happened at {}, before event {} at {}", event.sequence.value(),
                  flashbid::to_text(event.at), now_.sequence.value(), flashbid::to_text(now_.at));
  }
  if ((event.kind == EventKind::created) != (now_.sequence.value() == 0)) {
    findings_.add(Rule::event_order, id, "event {} is {}; created is the first event and no other",
                  event.sequence.value(), to_text(event.kind));
  }
  if (now_.state == AuctionState::closed || now_.state == AuctionState::cancelled) {
    findings_.add(Rule::event_order, id, "event {} ({}) comes after the auction was {}", event.sequence.value(),
                  to_text(event.kind), flashbid::to_text(now_.state));
  }
  if (event.kind != EventKind::extended) expect_no_extension(&event);
  switch (event.kind) {
    case EventKind::created:
      on_created(event);
      break;
    case EventKind::opened:
      on_opened(event);
      break;
    case EventKind::bid_accepted:
      on_bid(event);
      break;
    case EventKind::extended:
      on_extended(event);
      break;
    case EventKind::closed:
      on_closed(event);
      break;
    case EventKind::cancelled:
      on_cancelled(event);
      break;
  }
  now_.sequence = event.sequence;
  now_.at = event.at;
}

void Replay::on_created(const HistoryEvent&) {
  now_.closes_at = auction_.terms.closes_at;
  now_.minimum_next = auction_.terms.opening_price;
}

void Replay::on_opened(const HistoryEvent& event) {
  if (now_.state == AuctionState::open) {
    findings_.add(Rule::event_order, auction_.id, "event {} opens the auction a second time", event.sequence.value());
  }
  if (event.at < auction_.terms.opens_at) {
    findings_.add(Rule::event_time, auction_.id, "event {} opens the auction at {}, before its opens_at {}",
                  event.sequence.value(), flashbid::to_text(event.at), flashbid::to_text(auction_.terms.opens_at));
  }
  now_.state = AuctionState::open;
}

void Replay::on_bid(const HistoryEvent& event) {
  const AuctionId id = auction_.id;
  const std::uint64_t sequence = event.sequence.value();
  const Amount amount = event.amount.value_or(Amount(0));
  if (now_.state == AuctionState::scheduled) {
    findings_.add(Rule::event_order, id, "event {} accepts a bid before the auction opened", sequence);
  }
  if (event.at >= now_.closes_at) {
    findings_.add(Rule::late_bid, id, "event {} accepts a bid at {}, at or after closes_at {}", sequence,
                  flashbid::to_text(event.at), flashbid::to_text(now_.closes_at));
  }
  if (!now_.minimum_next || amount < *now_.minimum_next) {
    findings_.add(Rule::price_step, id, "event {} accepts {} by {}, below the minimum {} over the price {}", sequence,
                  amount.value(), bidders_[event.bidder], text_of(now_.minimum_next), text_of(now_.price));
  } else if (now_.state == AuctionState::open) {
    if (const Reason reason = reason_for(now_, event.bidder, amount); reason != Reason::none) {
      findings_.add(Rule::wrong_reason, id, "event {} accepts {} by {}, which should be rejected as {}", sequence,
                    amount.value(), bidders_[event.bidder], flashbid::to_text(reason));
    }
  }
  const auto minimum_next = minimum_after(amount);
  if (event.price != event.amount || event.leader != event.bidder || event.minimum_next != minimum_next ||
      event.closes_at != now_.closes_at) {
    findings_.add(Rule::event_fields, id,
                  "event {} (a bid of {} by {}) carries price {}, leader {}, minimum_next {}, closes_at {}; it should "
                  "be {}, {}, {}, {}",
                  sequence, amount.value(), bidders_[event.bidder], text_of(event.price), bidders_[event.leader],
                  text_of(event.minimum_next), flashbid::to_text(event.closes_at), amount.value(),
                  bidders_[event.bidder], text_of(minimum_next), flashbid::to_text(now_.closes_at));
  }
  now_.price = amount;
  now_.leader = event.bidder;
  now_.minimum_next = minimum_next;
  ++now_.bids;
  expected_end_ = moved_end(event.at);
}

std::optional<Timestamp> Replay::moved_end(Timestamp bid_at) const {
  const auto& soft = auction_.terms.soft_close;
  if (!soft || bid_at < now_.closes_at - soft->window || bid_at >= now_.closes_at) return std::nullopt;
  if (soft->max_extensions && now_.extensions >= *soft->max_extensions) return std::nullopt;
  const Timestamp base = soft->mode == SoftClose::Mode::from_bid ? bid_at : now_.closes_at;
  const Timestamp end = std::min(base + soft->extend, max_timestamp);
  if (end <= now_.closes_at) return std::nullopt;
  return end;
}

void Replay::expect_no_extension(const HistoryEvent* next) {
  if (!expected_end_) return;
  findings_.add(Rule::extension, auction_.id, "the bid of event {} should move the end to {}, but {} follows",
                now_.sequence.value(), flashbid::to_text(*expected_end_),
                next == nullptr ? std::string_view("nothing") : to_text(next->kind));
  expected_end_.reset();
}

void Replay::on_extended(const HistoryEvent& event) {
  if (!expected_end_) {
    findings_.add(Rule::extension, auction_.id, "event {} moves the end to {}, but no bid before it does",
                  event.sequence.value(), flashbid::to_text(event.closes_at));
  } else if (event.closes_at != *expected_end_ || event.extensions != now_.extensions + 1 || event.at != now_.at) {
    findings_.add(Rule::extension, auction_.id,
                  "event {} moves the end to {} as extension {} at {}; it should be {}, {}, {}", event.sequence.value(),
                  flashbid::to_text(event.closes_at), event.extensions, flashbid::to_text(event.at),
                  flashbid::to_text(*expected_end_), now_.extensions + 1, flashbid::to_text(now_.at));
  }
  expected_end_.reset();
  now_.closes_at = event.closes_at;
  ++now_.extensions;
}

void Replay::on_closed(const HistoryEvent& event) {
  const std::uint64_t sequence = event.sequence.value();
  if (now_.state == AuctionState::scheduled) {
    findings_.add(Rule::event_order, auction_.id, "event {} closes an auction that never opened", sequence);
  }
  if (event.at < now_.closes_at) {
    findings_.add(Rule::event_time, auction_.id, "event {} closes the auction at {}, before closes_at {}", sequence,
                  flashbid::to_text(event.at), flashbid::to_text(now_.closes_at));
  }
  bool sold = event.sold && now_.bids > 0;
  if (auction_.reserve_known) sold = now_.price && (!auction_.terms.reserve || *now_.price >= *auction_.terms.reserve);
  const BidderIndex winner = sold ? now_.leader : nobody;
  if (event.sold != sold || event.leader != winner || event.price != now_.price) {
    findings_.add(Rule::close, auction_.id,
                  "event {} closes with winner {}, price {}, sold {}; it should be {}, {}, {}", sequence,
                  bidders_[event.leader], text_of(event.price), event.sold, bidders_[winner], text_of(now_.price),
                  sold);
  }
  now_.state = AuctionState::closed;
  now_.sold = sold;
  now_.winner = winner;
}

void Replay::on_cancelled(const HistoryEvent& event) {
  if (event.at >= now_.closes_at) {
    findings_.add(Rule::event_time, auction_.id, "event {} cancels the auction at {}, at or after closes_at {}",
                  event.sequence.value(), flashbid::to_text(event.at), flashbid::to_text(now_.closes_at));
  }
  now_.state = AuctionState::cancelled;
}

}  // namespace flashbid::checker
