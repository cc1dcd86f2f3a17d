#include "sample_run.hpp"

#include <algorithm>

namespace flashbid::checker {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;

}  // namespace

SampleRun::SampleRun() : now_{start_ms} {
  AuctionRecord auction;
  auction.id = AuctionId(7);
  auction.terms.title = "sample";
  auction.terms.opening_price = Amount(1000);
  auction.terms.increment = *Increment::fixed(Amount(100));
  auction.terms.amount_limit = Amount(100'000'000'000);
  auction.terms.opens_at = {start_ms + 1000};
  auction.terms.closes_at = {start_ms + 60'000};
  auction.terms.soft_close = SoftClose{{5000}, {5000}, SoftClose::Mode::from_bid, 2};
  auction.terms.seller = *BidderId::from("seller");
  auction.terms.self_outbid = false;
  auction.reserve_known = true;
  auction.only_ours = true;
  auction.must_be_closed = true;
  seller_ = history_.bidders.index_of("seller");
  now_seen_.epoch = Epoch(1);
  now_seen_.minimum_next = auction.terms.opening_price;
  now_seen_.closes_at = auction.terms.closes_at;
  history_.auctions.push_back(std::move(auction));
  HistoryEvent created;
  created.kind = EventKind::created;
  created.closes_at = now_seen_.closes_at;
  append(created);
}

void SampleRun::append(HistoryEvent event) {
  now_seen_.sequence = now_seen_.sequence.next();
  event.sequence = now_seen_.sequence;
  event.epoch = Epoch(1);
  event.at = now_;
  history_.auctions.front().events.push_back(event);
  states_.push_back(now_seen_);
}

StateSeen SampleRun::state() const { return now_seen_; }

void SampleRun::tick() {
  const Terms& terms = auction().terms;
  if (now_seen_.state == AuctionState::scheduled && now_ >= terms.opens_at) {
    now_seen_.state = AuctionState::open;
    append({.kind = EventKind::opened});
  }
  if (now_seen_.state == AuctionState::open && now_ >= now_seen_.closes_at) {
    now_seen_.state = AuctionState::closed;
    now_seen_.winner = now_seen_.leader;
    now_seen_.sold = now_seen_.bids > 0;
    append(
        {.kind = EventKind::closed, .sold = now_seen_.bids > 0, .leader = now_seen_.leader, .price = now_seen_.price});
  }
}

Reason SampleRun::reason_for(BidderIndex bidder, std::int64_t amount) const {
  if (now_seen_.state == AuctionState::scheduled) return Reason::not_open_yet;
  if (now_seen_.state == AuctionState::closed) return Reason::closed;
  if (bidder == seller_) return Reason::own_auction;
  if (bidder == now_seen_.leader) return Reason::already_leading;
  if (amount < now_seen_.minimum_next->value()) return Reason::amount_below_minimum;
  if (amount > auction().terms.amount_limit->value()) return Reason::amount_above_limit;
  return Reason::none;
}

std::size_t SampleRun::bid(std::string_view bidder, std::int64_t amount, std::string_view key) {
  tick();
  Operation operation;
  operation.auction = auction().id;
  operation.bidder = history_.bidders.index_of(bidder);
  operation.key = key.empty() ? no_key : history_.keys.index_of(key);
  operation.amount = Amount(amount);
  ns_ += 10;
  operation.sent_ns = ns_ - sent_before_ns_;
  operation.answered_ns = ns_ + answered_after_ns_;
  operation.status = 200;
  operation.reason = reason_for(operation.bidder, amount);
  operation.outcome = operation.reason == Reason::none ? Outcome::accepted : Outcome::rejected;
  if (operation.outcome == Outcome::accepted) {
    HistoryEvent event{.kind = EventKind::bid_accepted, .bidder = operation.bidder, .leader = operation.bidder};
    event.amount = event.price = now_seen_.price = operation.amount;
    event.minimum_next = now_seen_.minimum_next = Amount(amount + 100);
    event.closes_at = now_seen_.closes_at;
    now_seen_.leader = operation.bidder;
    ++now_seen_.bids;
    append(event);
    operation.sequence = now_seen_.sequence;
    if (now_ >= now_seen_.closes_at - Duration{5000} && now_seen_.extensions < 2 &&
        now_ + Duration{5000} > now_seen_.closes_at) {
      now_seen_.closes_at = now_ + Duration{5000};
      ++now_seen_.extensions;
      append({.kind = EventKind::extended, .extensions = now_seen_.extensions, .closes_at = now_seen_.closes_at});
    }
  }
  operation.quote = {now_seen_.price,     now_seen_.leader,   now_seen_.minimum_next,
                     now_seen_.closes_at, now_seen_.sequence, now_};
  history_.operations.push_back(operation);
  return history_.operations.size() - 1;
}

std::size_t SampleRun::lose_answer_of(std::string_view bidder, std::int64_t amount, std::string_view key) {
  const std::size_t index = bid(bidder, amount, key);
  Operation& operation = history_.operations[index];
  operation.outcome = Outcome::unknown;
  operation.reason = Reason::none;
  operation.sequence = Sequence();
  operation.quote = {};
  operation.answered_ns = 0;
  return index;
}

std::size_t SampleRun::without_effect(std::string_view bidder, std::int64_t amount, Outcome outcome) {
  ns_ += 10;
  history_.operations.push_back({.auction = auction().id,
                                 .bidder = history_.bidders.index_of(bidder),
                                 .amount = Amount(amount),
                                 .sent_ns = ns_ - 2,
                                 .answered_ns = outcome == Outcome::refused ? ns_ + 2 : 0,
                                 .outcome = outcome,
                                 .status = static_cast<std::uint16_t>(outcome == Outcome::refused ? 429 : 0)});
  return history_.operations.size() - 1;
}

std::size_t SampleRun::repeat(std::size_t index) {
  Operation again = history_.operations[index];
  ns_ += 10;
  again.sent_ns = ns_ - 2;
  again.answered_ns = ns_ + 2;
  history_.operations.push_back(again);
  return history_.operations.size() - 1;
}

void SampleRun::read() {
  tick();
  ns_ += 10;
  StateSeen seen = state();
  seen.asked_ns = ns_ - 2;
  seen.seen_ns = ns_ + 2;
  history_.auctions.front().reads.push_back(seen);
}

// One that sees everything, one that joins late and resumes once, one that sees only some states.
void SampleRun::add_watchers() {
  const AuctionRecord& auction = history_.auctions.front();
  const std::size_t count = auction.events.size();
  for (const std::size_t joined : {std::size_t{1}, count / 2}) {
    WatcherRecord watcher{.auction = auction.id, .to_the_end = true};
    watcher.states.push_back({0, states_[joined - 1]});
    for (std::size_t i = joined; i < count; ++i) {
      watcher.events.push_back({auction.events[i].sequence, digest_of(auction.events[i]), ns_ + 100});
    }
    history_.watchers.push_back(std::move(watcher));
  }
  WatcherRecord latest{.auction = auction.id, .latest = true, .to_the_end = true};
  for (std::size_t i = 0; i < count; i += 3) latest.states.push_back({0, states_[i]});
  latest.states.push_back({0, states_.back()});
  for (auto& state : latest.states) state.seen.seen_ns = ns_ + 100;
  for (auto& watcher : history_.watchers) watcher.states.front().seen.seen_ns = ns_ + 100;
  history_.watchers.push_back(std::move(latest));
}

History SampleRun::finish() {
  read();
  AuctionRecord& auction = history_.auctions.front();
  for (const HistoryEvent& event : auction.events) {
    if (event.kind != EventKind::bid_accepted) continue;
    auction.bids.push_back({event.sequence, event.bidder, *event.amount, event.at});
  }
  add_watchers();
  return std::move(history_);
}

History sample_history() {
  SampleRun run;
  run.read();
  run.bid("Carol", 1000);  // 0: not open yet
  run.pass(2000);
  const auto keyed = run.bid("Alice", 1000, "k1");      // 1: accepted as event 3
  run.bid("Bob", 1050);                                 // 2: below the minimum
  run.bid("Bob", 1100);                                 // 3: accepted as event 4
  run.bid("Bob", 1300);                                 // 4: already leading
  run.bid("seller", 1300);                              // 5: own auction
  run.bid("Alice", 200'000'000'000);                    // 6: above the limit
  run.lose_answer_of("Alice", 1200);                    // 7: took effect as event 5, unseen
  run.repeat(keyed);                                    // 8: the same answer as 1
  run.without_effect("Carol", 1250, Outcome::refused);  // 9
  run.without_effect("Carol", 1250, Outcome::unknown);  // 10
  run.read();
  run.lose_answer_of("Bob", 1400, "k2");  // 11: took effect as event 6, unseen
  run.repeat(run.bid("Alice", 1450));     // 12, 13: rejected, twice without a key
  run.pass(57'000);
  run.bid("Carol", 1500);  // 14: accepted as event 7, extended by event 8
  run.bid("Bob", 1550);    // 15: below the minimum
  run.pass(10'000);
  run.bid("Bob", 9999);  // 16: closed by event 9
  return run.finish();
}

}  // namespace flashbid::checker
