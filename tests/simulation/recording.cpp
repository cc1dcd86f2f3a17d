#include "simulation/recording.hpp"

#include <algorithm>
#include <utility>

namespace flashbid::simulation {
namespace {

using checker::EventKind;
using checker::HistoryEvent;

// What each kind of event carries; names are put in by the caller.
struct Telling {
  HistoryEvent& out;
  void operator()(const Created& created) const {
    out.kind = EventKind::created;
    out.closes_at = created.terms->closes_at;
  }
  void operator()(const Opened&) const { out.kind = EventKind::opened; }
  void operator()(const BidAccepted& bid) const {
    out.kind = EventKind::bid_accepted;
    out.amount = bid.amount;
    out.price = bid.price;
    out.minimum_next = bid.minimum_next;
    out.closes_at = bid.closes_at;
  }
  void operator()(const Extended& extended) const {
    out.kind = EventKind::extended;
    out.closes_at = extended.closes_at;
    out.extensions = extended.extensions;
  }
  void operator()(const Closed& closed) const {
    out.kind = EventKind::closed;
    out.price = closed.price;
    out.sold = closed.sold;
  }
  void operator()(const Cancelled&) const { out.kind = EventKind::cancelled; }
};

}  // namespace

checker::BidderIndex Recording::name(const BidderId& bidder) {
  return bidder.empty() ? checker::nobody : history_.bidders.index_of(bidder.view());
}

Recording::Place Recording::sent(const BidRequest& bid) {
  checker::Operation operation{.auction = bid.auction, .bidder = name(bid.bid.bidder), .amount = bid.bid.amount};
  if (!bid.key.empty()) operation.key = history_.keys.index_of(bid.key.view());
  operation.sent_ns = now_ns();
  history_.operations.push_back(operation);
  return history_.operations.size() - 1;
}

void Recording::answered(Place bid, const Result<BidAnswer>& answer) {
  checker::Operation& operation = history_.operations[bid];
  if (!answer) {
    const bool unknown = answer.error().failure == Failure::outcome_unknown;
    operation.outcome = unknown ? checker::Outcome::unknown : checker::Outcome::refused;
    return;
  }
  operation.answered_ns = now_ns();
  operation.outcome = answer->verdict == Verdict::accepted ? checker::Outcome::accepted : checker::Outcome::rejected;
  operation.reason = answer->reason;
  operation.sequence = answer->verdict == Verdict::accepted ? answer->sequence : Sequence{};
  operation.echo_differs = answer->auction != operation.auction || name(answer->bidder) != operation.bidder ||
                           answer->amount != operation.amount;
  operation.quote = {answer->price,     name(answer->leader),   answer->minimum_next,
                     answer->closes_at, answer->as_of_sequence, answer->decided_at};
}

checker::StateSeen Recording::seen(const AuctionView& view, std::int64_t asked_ns) {
  const Auction& auction = view.auction;
  checker::StateSeen seen{.asked_ns = asked_ns, .seen_ns = now_ns(), .epoch = view.epoch};
  seen.sequence = auction.sequence;
  seen.state = auction.state;
  seen.price = auction.standing_price();
  seen.leader = name(auction.leader);
  seen.minimum_next = auction.minimum_next();
  seen.closes_at = auction.closes_at;
  seen.bids = auction.bids;
  seen.extensions = auction.extensions;
  seen.winner = name(auction.winner().value_or(BidderId{}));
  if (auction.state == AuctionState::closed) seen.sold = auction.sold;
  return seen;
}

void Recording::shown(const AuctionView& view, std::int64_t asked_ns) {
  reads_[view.auction.id].push_back(seen(view, asked_ns));
}

Recording::Place Recording::watches(AuctionId auction, WatchMode mode, std::optional<Sequence> resumed_after) {
  history_.watchers.push_back(
      {.auction = auction, .latest = mode == WatchMode::latest, .resumed_after = resumed_after});
  watching_since_.push_back(now_ns());
  return history_.watchers.size() - 1;
}

void Recording::told_state(Place watcher, const AuctionView& view) {
  checker::WatcherRecord& record = history_.watchers[watcher];
  record.states.push_back({record.events.size(), seen(view, std::exchange(watching_since_[watcher], 0))});
}

void Recording::told_event(Place watcher, Sequence sequence, bool as_durable) {
  // Its digest is put in once everything is known.
  history_.watchers[watcher].events.push_back({sequence, as_durable ? 1U : 0U, now_ns()});
}

HistoryEvent Recording::event(const DurableAuction::Fact& fact) {
  HistoryEvent told{.sequence = fact.event.sequence, .at = fact.event.at};
  std::visit(Telling{told}, fact.event.body);
  if (const auto* bid = std::get_if<BidAccepted>(&fact.event.body)) {
    told.bidder = name(bid->bidder);
    told.leader = name(bid->leader);
  }
  if (const auto* closed = std::get_if<Closed>(&fact.event.body)) told.leader = name(closed->winner);
  return told;
}

void Recording::add_auction(AuctionId id, const DurableAuction& auction) {
  checker::AuctionRecord& record = history_.auctions.emplace_back();
  record.id = id;
  record.terms = *auction.image.terms;
  record.reserve_known = true;
  record.only_ours = true;
  auto& digests = digests_[id];
  for (const DurableAuction::Fact& fact : auction.facts) {
    const HistoryEvent told = event(fact);
    record.events.push_back(told);
    digests.push_back(digest_of(told));
    if (told.kind == EventKind::bid_accepted) {
      record.bids.push_back({told.sequence, told.bidder, told.amount.value_or(Amount{0}), told.at});
    }
  }
  record.reads = std::move(reads_[id]);
}

checker::Report Recording::judge(const Truth& truth) {
  for (const auto& [id, auction] : truth.auctions()) add_auction(id, auction);
  // Nobody was told anything of what was never there.
  const auto of_nothing = [&](const auto& record) { return truth.auction(record.auction) == nullptr; };
  std::erase_if(history_.operations, [&](const checker::Operation& operation) {
    return operation.outcome != checker::Outcome::accepted && operation.outcome != checker::Outcome::rejected &&
           of_nothing(operation);
  });
  std::erase_if(history_.watchers, [&](const checker::WatcherRecord& watcher) {
    return watcher.events.empty() && watcher.states.empty() && of_nothing(watcher);
  });
  for (checker::WatcherRecord& watcher : history_.watchers) {
    const auto& digests = digests_[watcher.auction];
    for (checker::EventSeen& seen : watcher.events) {
      if (seen.sequence == Sequence{0} || seen.sequence.value() > digests.size()) continue;
      const std::uint64_t durable = digests[seen.sequence.value() - 1];
      seen.digest = seen.digest == 1 ? durable : ~durable;
    }
  }
  return checker::check(history_);
}

}  // namespace flashbid::simulation
