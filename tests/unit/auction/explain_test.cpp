// What is told of each event is what the rules have done to it.
#include "auction/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::bidder;
using support::plain_terms;

// A life by the rules, and its events.
struct Life {
  explicit Life(Terms terms, Timestamp now = Timestamp{1'000})
      : terms(std::make_shared<const Terms>(std::move(terms))) {
    for (const Event& event : create(this->terms, now)) take(event);
  }
  Decision play(const Command& command, std::int64_t at) {
    const Decision decision = decide(auction, command, Timestamp{at});
    for (const Event& event : decision.events) take(event);
    return decision;
  }
  void take(const Event& event) {
    apply(auction, event);
    events.push_back(event);
    after.push_back(auction);
  }
  [[nodiscard]] std::vector<Explanation> all() const { return explain(terms, events, Sequence{0}, 1'000); }
  [[nodiscard]] Explanation last() const { return all().back(); }

  SharedTerms terms;
  Auction auction{.id = AuctionId{1}};
  std::vector<Event> events;
  std::vector<Auction> after;  // as it stood behind each
};

Terms soft(SoftClose::Mode mode, std::int64_t window, std::int64_t extend, std::optional<std::uint32_t> most = {}) {
  Terms terms = plain_terms();
  terms.soft_close = SoftClose{Duration{window}, Duration{extend}, mode, most};
  return terms;
}

TEST(Explain, TheFirstBidHasToReachTheOpeningPriceAndEveryOtherTheNextMinimum) {
  Terms terms = plain_terms();
  terms.increment =
      Increment::table({{Amount{10'500}, Amount{100}}, {Amount{20'000}, Amount{300}}, {{}, Amount{500}}}).value();
  Life life(terms);
  life.play(bid("Alice", 10'600), 2'000);
  const Explanation first = life.last();
  EXPECT_EQ(first.rule, Rule::opening_price_reached);
  EXPECT_EQ(std::get<BidCause>(first.cause).least, Amount{10'000});
  EXPECT_EQ(std::get<BidCause>(first.cause).step, std::nullopt);
  EXPECT_EQ(first.before->price, std::nullopt);
  EXPECT_EQ(first.after.price, Amount{10'600});
  EXPECT_EQ(first.after.leader, bidder("Alice"));

  life.play(bid("Bob", 20'000), 3'000);
  const Explanation second = life.last();
  EXPECT_EQ(second.rule, Rule::minimum_next_reached);
  EXPECT_EQ(std::get<BidCause>(second.cause).least, Amount{10'900});
  EXPECT_EQ(std::get<BidCause>(second.cause).step, (StepInForce{Amount{300}, Amount{10'500}, Amount{20'000}}));
  EXPECT_EQ(std::get<BidCause>(second.cause).left, Duration{7'000});
  EXPECT_EQ(second.before->leader, bidder("Alice"));
  EXPECT_EQ(second.after.minimum_next, Amount{20'500});
}

TEST(Explain, AStepIsThatOfThePriceBeforeAndAtItsBoundThatOfTheNextRow) {
  const Increment table =
      Increment::table({{Amount{100}, Amount{1}}, {Amount{200}, Amount{2}}, {{}, Amount{5}}}).value();
  EXPECT_EQ(step_in_force(table, Amount{99}), (StepInForce{Amount{1}, Amount{0}, Amount{100}}));
  EXPECT_EQ(step_in_force(table, Amount{100}), (StepInForce{Amount{2}, Amount{100}, Amount{200}}));
  EXPECT_EQ(step_in_force(table, Amount{200}), (StepInForce{Amount{5}, Amount{200}, std::nullopt}));
  EXPECT_EQ(step_in_force(Increment::fixed(Amount{7}).value(), Amount{200}),
            (StepInForce{Amount{7}, Amount{0}, std::nullopt}));
}

TEST(Explain, ABidSaysWhatItDidToTheEnd) {
  Life none(plain_terms());
  none.play(bid("Alice", 10'000), 9'999);
  EXPECT_EQ(std::get<BidCause>(none.last().cause).end, EndEffect::none);

  Life life(soft(SoftClose::Mode::from_close, 1'000, 500, 1));
  life.play(bid("Alice", 10'000), 8'999);
  EXPECT_EQ(std::get<BidCause>(life.last().cause).end, EndEffect::before_window);
  life.play(bid("Bob", 10'100), 9'000);
  const auto told = life.all();
  const Explanation& moving = told[told.size() - 2];
  EXPECT_EQ(std::get<BidCause>(moving.cause).end, EndEffect::moved);
  const Explanation& moved = told.back();
  EXPECT_EQ(moved.rule, Rule::soft_close);
  EXPECT_EQ(std::get<ExtensionCause>(moved.cause).bid, moving.event.sequence);
  EXPECT_EQ(std::get<ExtensionCause>(moved.cause).left, Duration{1'000});
  EXPECT_EQ(moved.before->closes_at, Timestamp{10'000});
  EXPECT_EQ(moved.after.closes_at, Timestamp{10'500});
  life.play(bid("Alice", 10'200), 10'000);
  EXPECT_EQ(std::get<BidCause>(life.last().cause).end, EndEffect::extensions_used);

  Life early(soft(SoftClose::Mode::from_bid, 1'000, 500));
  early.play(bid("Alice", 10'000), 9'000);
  EXPECT_EQ(std::get<BidCause>(early.last().cause).end, EndEffect::not_later) << "the window's first moment";
  early.play(bid("Bob", 10'100), 9'500);
  EXPECT_EQ(std::get<BidCause>(early.last().cause).end, EndEffect::not_later) << "9,500 + 500 is the end";
}

TEST(Explain, ACloseSaysWhetherTheReserveWasMet) {
  Life nobody(plain_terms());
  nobody.play(Tick{}, 10'000);
  EXPECT_EQ(nobody.last().rule, Rule::closes_at_reached);
  EXPECT_FALSE(std::get<CloseCause>(nobody.last().cause).had_bids);
  EXPECT_EQ(std::get<CloseCause>(nobody.last().cause).reserve_met, std::nullopt);

  for (const std::int64_t amount : {19'999, 20'000}) {
    Terms terms = plain_terms();
    terms.reserve = Amount{20'000};
    Life life(terms);
    life.play(bid("Alice", amount), 2'000);
    life.play(Tick{}, 10'000);
    // As it is read back: the public text of a created has no reserve.
    Terms shown = terms;
    shown.reserve.reset();
    life.events.front().body = Created{std::make_shared<const Terms>(shown)};
    EXPECT_EQ(std::get<CloseCause>(life.last().cause).reserve_met, amount == 20'000);
  }
}

TEST(Explain, WhatOperatorsAndTimeDid) {
  Terms terms = plain_terms();
  terms.opens_at = Timestamp{5'000};
  Life life(terms);
  life.play(Tick{}, 5'000);
  life.play(Cancel{}, 6'000);
  const auto told = life.all();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].rule, Rule::operator_asked);
  EXPECT_FALSE(told[0].before);
  EXPECT_EQ(told[0].after.minimum_next, Amount{10'000});
  EXPECT_EQ(told[1].rule, Rule::opens_at_reached);
  EXPECT_EQ(told[2].rule, Rule::operator_asked);
}

bool same(const Standing& told, const Auction& was) {
  return told.price == was.standing_price() && told.leader == (was.bids > 0 ? was.leader : BidderId{}) &&
         told.minimum_next == was.minimum_next() && told.closes_at == was.closes_at;
}

// However a history is cut into pages, each says what the whole says, and that is what the auction was.
TEST(Explain, EveryPageOfRandomLivesTellsTheStatesThatTheRulesMade) {
  std::mt19937_64 random(20'261'127);
  const auto upto = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n)(random); };
  std::size_t moved = 0;
  for (int round = 0; round < 200; ++round) {
    Terms terms =
        soft(upto(1) == 0 ? SoftClose::Mode::from_bid : SoftClose::Mode::from_close, 1 + upto(4'000), 1 + upto(4'000));
    if (upto(1) == 0) terms.soft_close->max_extensions = static_cast<std::uint32_t>(1 + upto(3));
    terms.opens_at = Timestamp{1'000 + upto(1) * 500};
    Life life(terms);
    for (std::int64_t now = 1'000; life.auction.next_boundary() && now < 40'000; now += upto(1'500)) {
      const std::int64_t price = life.auction.standing_price().value_or(Amount{9'900}).value();
      life.play(bid(upto(1) == 0 ? "Alice" : "Bob", price + 50 + upto(200)), now);
    }
    const std::size_t size = life.events.size();
    for (std::size_t after = 0; after < size; ++after) {
      const std::size_t from = after - std::min<std::size_t>(after, events_of_context);
      const std::size_t limit = 1 + static_cast<std::size_t>(upto(4));
      const std::size_t to = std::min(size, after + limit + 1);
      const std::span<const Event> page(life.events.data() + from, to - from);
      const auto told = explain(life.terms, page, Sequence{after}, limit);
      ASSERT_EQ(told.size(), std::min(limit, size - after));
      for (std::size_t i = 0; i < told.size(); ++i) {
        ASSERT_EQ(told[i].event.sequence, Sequence{after + i + 1});
        ASSERT_TRUE(same(told[i].after, life.after[after + i])) << "round " << round << ", event " << after + i + 1;
        if (after + i > 0) ASSERT_TRUE(told[i].before && same(*told[i].before, life.after[after + i - 1]));
        const auto* cause = std::get_if<BidCause>(&told[i].cause);
        if (cause == nullptr) continue;
        const bool extended = after + i + 1 < size && std::holds_alternative<Extended>(life.events[after + i + 1].body);
        ASSERT_EQ(cause->end == EndEffect::moved, extended);
        ASSERT_EQ(cause->least, life.after[after + i - 1].minimum_next());
        moved += extended ? 1 : 0;
      }
    }
  }
  EXPECT_GT(moved, 100U) << "ends that moved were among them";
}

}  // namespace
}  // namespace flashbid
