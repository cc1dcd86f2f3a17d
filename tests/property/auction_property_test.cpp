// What holds of every auction, whatever is sent to it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <ranges>
#include <utility>
#include <vector>

#include "support/command_generator.hpp"
#include "support/event_text.hpp"

namespace flashbid {
namespace {

using support::CommandGenerator;
using support::text_of;

struct Step {
  Auction before;
  Command command;
  Timestamp now;
  Decision decision;
};

// One auction's life.
struct Life {
  SharedTerms terms;
  Auction auction;
  std::vector<Event> events;
  std::vector<Step> steps;
};

void take(Life& life, const Events& events) {
  for (const auto& event : events) {
    apply(life.auction, event);
    life.events.push_back(event);
  }
}

Life live(std::uint64_t seed, int steps) {
  CommandGenerator generator(seed);
  Timestamp now{1'800'000'000'000};
  Life life;
  life.terms = std::make_shared<const Terms>(generator.terms(now));
  life.auction.id = AuctionId{7};
  take(life, create(life.terms, now));
  for (int i = 0; i < steps; ++i) {
    now = generator.moment(life.auction, now);
    Step step{life.auction, generator.command(life.auction), now, {}};
    step.decision = decide(life.auction, step.command, now);
    take(life, step.decision.events);
    life.steps.push_back(std::move(step));
  }
  return life;
}

Life any_life() {
  const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()).as("seed");
  const auto steps = *rc::gen::inRange(0, 300).as("steps");
  return live(seed, steps);
}

template <class Body>
std::vector<Body> all(const std::vector<Event>& events) {
  std::vector<Body> found;
  for (const auto& event : events) {
    if (const auto* body = std::get_if<Body>(&event.body)) found.push_back(*body);
  }
  return found;
}

// The step in force at a price, read from the rows one by one.
std::int64_t plain_step(const Increment& increment, Amount price) {
  for (const auto& row : increment.rows()) {
    if (!row.below || price < *row.below) return row.step.value();
  }
  return increment.fixed_step().value();
}

RC_GTEST_PROP(AuctionProperty, PricesRiseByAtLeastTheIncrementInForce, ()) {  // INV-4
  const Life life = any_life();
  const auto bids = all<BidAccepted>(life.events);
  for (std::size_t i = 0; i < bids.size(); ++i) {
    RC_ASSERT(bids[i].price == bids[i].amount);
    RC_ASSERT(bids[i].price <= max_amount);
    if (i == 0) {
      RC_ASSERT(bids[0].price >= life.terms->opening_price);
    } else {
      const Amount last = bids[i - 1].price;
      RC_ASSERT(bids[i].price.value() - last.value() >= plain_step(life.terms->increment, last));
      RC_ASSERT(bids[i - 1].minimum_next.has_value());
      RC_ASSERT(bids[i].price >= *bids[i - 1].minimum_next);
    }
    if (life.terms->amount_limit) RC_ASSERT(bids[i].amount <= *life.terms->amount_limit);
  }
}

RC_GTEST_PROP(AuctionProperty, SequencesAreGaplessFromOneAndTimeNeverRunsBack, ()) {  // INV-4
  const Life life = any_life();
  for (std::size_t i = 0; i < life.events.size(); ++i) {
    RC_ASSERT(life.events[i].sequence == Sequence{i + 1});
    if (i > 0) RC_ASSERT(life.events[i].at >= life.events[i - 1].at);
  }
  RC_ASSERT(life.auction.sequence == Sequence{life.events.size()});
}

RC_GTEST_PROP(AuctionProperty, ItEndsOnceAndNothingFollows, ()) {  // INV-6
  const Life life = any_life();
  RC_ASSERT(all<Created>(life.events).size() == 1U);
  RC_ASSERT(all<Opened>(life.events).size() <= 1U);
  const auto ends = all<Closed>(life.events).size() + all<Cancelled>(life.events).size();
  RC_ASSERT(ends <= 1U);
  if (ends == 1) {
    const auto& last = life.events.back().body;
    RC_ASSERT(std::holds_alternative<Closed>(last) || std::holds_alternative<Cancelled>(last));
  }
}

RC_GTEST_PROP(AuctionProperty, NoBidIsAcceptedOutsideItsTime, ()) {  // INV-7
  const Life life = any_life();
  Timestamp end = life.terms->closes_at;
  for (const auto& event : life.events) {
    if (const auto* accepted = std::get_if<BidAccepted>(&event.body)) {
      RC_ASSERT(event.at >= life.terms->opens_at);
      RC_ASSERT(event.at < end);
      RC_ASSERT(accepted->closes_at == end);
    }
    if (const auto* extended = std::get_if<Extended>(&event.body)) end = extended->closes_at;
    if (std::holds_alternative<Closed>(event.body)) RC_ASSERT(event.at >= end);
  }
}

RC_GTEST_PROP(AuctionProperty, ReplayingTheEventsGivesTheState, ()) {
  const Life life = any_life();
  Auction replayed;
  replayed.id = life.auction.id;
  for (const auto& event : life.events) apply(replayed, event);
  RC_ASSERT(replayed == life.auction);
}

RC_GTEST_PROP(AuctionProperty, DecidingChangesNothingAndIsRepeatable, ()) {
  const Life life = any_life();
  for (const auto& step : life.steps) {
    const Auction before = step.before;
    const Decision again = decide(before, step.command, step.now);
    RC_ASSERT(before == step.before);
    RC_ASSERT(again.verdict == step.decision.verdict);
    RC_ASSERT(again.reason == step.decision.reason);
    RC_ASSERT(std::ranges::equal(
        again.events, step.decision.events, {}, [](const Event& event) { return text_of(event); },
        [](const Event& event) { return text_of(event); }));
  }
}

RC_GTEST_PROP(AuctionProperty, AnEqualAmountNeverWins, ()) {
  const Life life = any_life();
  for (const auto& step : life.steps) {
    const auto price = step.before.standing_price();
    if (step.before.state != AuctionState::open || !price) continue;
    const Bid equal{support::bidder("latecomer"), *price};
    RC_ASSERT(decide(step.before, equal, step.now).verdict == Verdict::rejected);
  }
}

RC_GTEST_PROP(AuctionProperty, TheMinimumIsTheLeastThatIsAccepted, ()) {
  const Life life = any_life();
  for (const auto& step : life.steps) {
    if (step.before.state != AuctionState::open || step.now >= step.before.closes_at) continue;
    const auto limit = step.before.terms->amount_limit;
    const auto minimum = step.before.minimum_next();
    const BidderId somebody = support::bidder("somebody");
    if (!minimum) {
      RC_ASSERT(decide(step.before, Bid{somebody, max_amount}, step.now).reason == Reason::amount_below_minimum);
      continue;
    }
    const Decision at_minimum = decide(step.before, Bid{somebody, *minimum}, step.now);
    RC_ASSERT(at_minimum.reason == (limit && *minimum > *limit ? Reason::amount_above_limit : Reason::none));
    if (*minimum == Amount{0}) continue;
    const Bid below{somebody, Amount{minimum->value() - 1}};
    RC_ASSERT(decide(step.before, below, step.now).reason == Reason::amount_below_minimum);
  }
}

RC_GTEST_PROP(AuctionProperty, ARejectionLeavesOnlyBoundaries, ()) {
  const Life life = any_life();
  for (const auto& step : life.steps) {
    RC_ASSERT((step.decision.verdict == Verdict::rejected) == (step.decision.reason != Reason::none));
    if (step.decision.verdict == Verdict::accepted) continue;
    for (const auto& event : step.decision.events) {
      RC_ASSERT(std::holds_alternative<Opened>(event.body) || std::holds_alternative<Closed>(event.body));
    }
  }
}

RC_GTEST_PROP(AuctionProperty, AnExtensionFollowsItsBidAndReallyMovesTheEnd, ()) {
  const Life life = any_life();
  Timestamp end = life.terms->closes_at;
  std::uint32_t extensions = 0;
  for (std::size_t i = 0; i < life.events.size(); ++i) {
    const auto* extended = std::get_if<Extended>(&life.events[i].body);
    if (extended == nullptr) continue;
    RC_ASSERT(life.terms->soft_close.has_value());
    const SoftClose& soft_close = *life.terms->soft_close;
    const Event& before = life.events.at(i - 1);
    RC_ASSERT(std::holds_alternative<BidAccepted>(before.body));
    RC_ASSERT(before.at == life.events[i].at);
    RC_ASSERT(before.at >= end - soft_close.window);
    RC_ASSERT(extended->closes_at > end);
    RC_ASSERT(extended->closes_at <= std::min(end + soft_close.extend, max_timestamp));
    RC_ASSERT(extended->extensions == ++extensions);
    if (soft_close.max_extensions) RC_ASSERT(extensions <= *soft_close.max_extensions);
    end = extended->closes_at;
  }
  RC_ASSERT(life.auction.closes_at == end);
  RC_ASSERT(life.auction.extensions == extensions);
}

RC_GTEST_PROP(AuctionProperty, TheWinnerIsTheHighestBidderIfTheReserveIsMet, ()) {
  const Life life = any_life();
  const auto closed = all<Closed>(life.events);
  if (closed.empty()) RC_SUCCEED("never closed");
  const auto bids = all<BidAccepted>(life.events);
  if (bids.empty()) {
    RC_ASSERT(!closed[0].sold);
    RC_ASSERT(!closed[0].price);
    RC_ASSERT(closed[0].winner.empty());
    return;
  }
  const auto highest = std::ranges::max(bids, {}, &BidAccepted::amount);
  const bool met = !life.terms->reserve || highest.amount >= *life.terms->reserve;
  RC_ASSERT(closed[0].price == highest.amount);
  RC_ASSERT(closed[0].sold == met);
  RC_ASSERT(closed[0].winner == (met ? highest.bidder : BidderId{}));
  RC_ASSERT(life.auction.winner().value_or(BidderId{}) == closed[0].winner);
}

RC_GTEST_PROP(AuctionProperty, TheSellerNeverLeadsNorTheLeaderAgainWhereForbidden, ()) {
  const Life life = any_life();
  BidderId leader;
  for (const auto& accepted : all<BidAccepted>(life.events)) {
    RC_ASSERT(!accepted.bidder.empty());
    RC_ASSERT(accepted.bidder == accepted.leader);
    RC_ASSERT(accepted.bidder != life.terms->seller);
    if (!life.terms->self_outbid) RC_ASSERT(accepted.bidder != leader);
    leader = accepted.leader;
  }
  RC_ASSERT(life.auction.leader == leader);
}

// Timers only make boundaries visible sooner: without them every bid is decided alike.
RC_GTEST_PROP(AuctionProperty, TimersDecideNothing, ()) {
  const Life life = any_life();
  Auction without;
  without.id = life.auction.id;
  for (const auto& event : create(life.terms, life.events.front().at)) apply(without, event);
  for (const auto& step : life.steps) {
    if (std::holds_alternative<Tick>(step.command)) continue;
    const Decision decision = decide(without, step.command, step.now);
    for (const auto& event : decision.events) apply(without, event);
    RC_ASSERT(decision.verdict == step.decision.verdict);
    RC_ASSERT(decision.reason == step.decision.reason);
    Auction with = step.before;
    for (const auto& event : step.decision.events) apply(with, event);
    RC_ASSERT(without == with);
  }
}

}  // namespace
}  // namespace flashbid
