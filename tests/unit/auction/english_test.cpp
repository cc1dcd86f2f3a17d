#include "auction/english.hpp"

#include <gtest/gtest.h>

#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::bidder;
using support::created;
using support::plain_terms;
using support::step;

TEST(English, TheFirstBidMayEqualTheOpeningPrice) {
  const Auction auction = created(plain_terms(), Timestamp{1'000});
  EXPECT_EQ(english::check(auction, bid("Alice", 9'999)), Reason::amount_below_minimum);
  EXPECT_EQ(english::check(auction, bid("Alice", 10'000)), Reason::none);
}

TEST(English, AnEqualAmountNeverWins) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_EQ(english::check(auction, bid("Bob", 10'000)), Reason::amount_below_minimum);
  EXPECT_EQ(english::check(auction, bid("Bob", 10'099)), Reason::amount_below_minimum);
  EXPECT_EQ(english::check(auction, bid("Bob", 10'100)), Reason::none);
}

TEST(English, NothingBeatsTheGreatestAmount) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  const Decision decision = step(auction, bid("Alice", max_safe_integer), Timestamp{2'000});
  EXPECT_FALSE(std::get<BidAccepted>(decision.events.at(0).body).minimum_next);
  EXPECT_EQ(english::check(auction, bid("Bob", max_safe_integer)), Reason::amount_below_minimum);
}

TEST(English, AnAcceptedBidTellsEverything) {
  const Auction auction = created(plain_terms(), Timestamp{1'000});
  Events events;
  english::accept(auction, bid("Alice", 12'345), Timestamp{2'000}, events);
  ASSERT_EQ(events.size(), 1U);
  const auto& accepted = std::get<BidAccepted>(events[0].body);
  EXPECT_EQ(accepted.bidder, bidder("Alice"));
  EXPECT_EQ(accepted.leader, bidder("Alice"));
  EXPECT_EQ(accepted.amount, Amount{12'345});
  EXPECT_EQ(accepted.price, Amount{12'345});
  EXPECT_EQ(accepted.minimum_next, Amount{12'445});
  EXPECT_EQ(accepted.closes_at, Timestamp{10'000});
}

TEST(English, TheLeaderMayOutbidItselfUnlessForbidden) {
  Terms terms = plain_terms();
  Auction allowed = created(terms, Timestamp{1'000});
  step(allowed, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_EQ(english::check(allowed, bid("Alice", 10'100)), Reason::none);

  terms.self_outbid = false;
  Auction forbidden = created(terms, Timestamp{1'000});
  EXPECT_EQ(english::check(forbidden, bid("Alice", 10'000)), Reason::none);
  step(forbidden, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_EQ(english::check(forbidden, bid("Alice", 10'100)), Reason::already_leading);
  step(forbidden, bid("Bob", 10'100), Timestamp{2'000});
  EXPECT_EQ(english::check(forbidden, bid("Alice", 10'200)), Reason::none);
}

Auction with_soft_close(const SoftClose& soft_close) {
  Terms terms = plain_terms();
  terms.soft_close = soft_close;
  return created(terms, Timestamp{1'000});
}

TEST(SoftClose, CountsOnlyIfTheEndReallyMoves) {
  Auction auction = with_soft_close({.window = {5'000}, .extend = {2'000}});
  step(auction, bid("Alice", 10'000), Timestamp{8'000});
  EXPECT_EQ(auction.closes_at, Timestamp{10'000}) << "8000 + 2000 is no later than the end";
  EXPECT_EQ(auction.extensions, 0U);
  step(auction, bid("Bob", 10'100), Timestamp{8'001});
  EXPECT_EQ(auction.closes_at, Timestamp{10'001});
  EXPECT_EQ(auction.extensions, 1U);
}

TEST(SoftClose, NeverPassesTheLastMoment) {
  for (const auto mode : {SoftClose::Mode::from_bid, SoftClose::Mode::from_close}) {
    Terms terms = plain_terms();
    terms.closes_at = max_timestamp - Duration{5};
    terms.soft_close = SoftClose{.window = {1'000}, .extend = {1'000}, .mode = mode};
    Auction auction = created(terms, Timestamp{1'000});
    step(auction, bid("Alice", 10'000), max_timestamp - Duration{6});
    EXPECT_EQ(auction.closes_at, max_timestamp);
    EXPECT_EQ(auction.extensions, 1U);
    step(auction, bid("Bob", 10'100), max_timestamp - Duration{1});
    EXPECT_EQ(auction.closes_at, max_timestamp);
    EXPECT_EQ(auction.extensions, 1U) << "it did not move";
  }
}

TEST(SoftClose, ARejectedBidNeverExtends) {
  Auction auction = with_soft_close({.window = {5'000}, .extend = {2'000}});
  const Decision decision = step(auction, bid("Alice", 9'999), Timestamp{9'999});
  EXPECT_TRUE(decision.events.empty());
  EXPECT_EQ(auction.closes_at, Timestamp{10'000});
}

}  // namespace
}  // namespace flashbid
