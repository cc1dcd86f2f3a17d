#include "auction/auction.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::bidder;
using support::created;
using support::plain_terms;
using support::step;

TEST(AuctionState, HasANameOnTheWire) {
  for (const auto state :
       {AuctionState::scheduled, AuctionState::open, AuctionState::closed, AuctionState::cancelled}) {
    EXPECT_EQ(parse_auction_state(to_text(state)), state);
  }
  EXPECT_EQ(to_text(AuctionState::scheduled), "scheduled");
  EXPECT_EQ(to_text(AuctionState::open), "open");
  EXPECT_EQ(to_text(AuctionState::closed), "closed");
  EXPECT_EQ(to_text(AuctionState::cancelled), "cancelled");
  EXPECT_FALSE(parse_auction_state(""));
  EXPECT_FALSE(parse_auction_state("Open"));
}

TEST(Auction, BeforeAnyBidTheOpeningPriceIsTheMinimum) {
  const Auction auction = created(plain_terms(), Timestamp{1'000});
  EXPECT_FALSE(auction.standing_price());
  EXPECT_EQ(auction.minimum_next(), Amount{10'000});
  EXPECT_TRUE(auction.leader.empty());
}

TEST(Auction, AfterABidTheMinimumIsOneIncrementMore) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, bid("Alice", 10'050), Timestamp{2'000});
  EXPECT_EQ(auction.standing_price(), Amount{10'050});
  EXPECT_EQ(auction.minimum_next(), Amount{10'150});
}

TEST(Auction, NoMinimumIsLeftAboveTheLimitOfMoney) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, bid("Alice", max_safe_integer - 100), Timestamp{2'000});
  EXPECT_EQ(auction.minimum_next(), max_amount);
  step(auction, bid("Bob", max_safe_integer), Timestamp{2'000});
  EXPECT_EQ(auction.standing_price(), max_amount);
  EXPECT_FALSE(auction.minimum_next());
}

TEST(Auction, ABidOfZeroIsAPrice) {
  Terms terms = plain_terms();
  terms.opening_price = Amount{0};
  Auction auction = created(terms, Timestamp{1'000});
  step(auction, bid("Alice", 0), Timestamp{2'000});
  EXPECT_EQ(auction.standing_price(), Amount{0});
  EXPECT_EQ(auction.minimum_next(), Amount{100});
}

TEST(Auction, ReserveMet) {
  Auction without = created(plain_terms(), Timestamp{1'000});
  step(without, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_FALSE(without.reserve_met());

  Terms terms = plain_terms();
  terms.reserve = Amount{10'100};
  Auction auction = created(terms, Timestamp{1'000});
  EXPECT_EQ(auction.reserve_met(), false);
  step(auction, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_EQ(auction.reserve_met(), false);
  step(auction, bid("Bob", 10'100), Timestamp{2'000});
  EXPECT_EQ(auction.reserve_met(), true);
}

TEST(Auction, AReserveOfZeroIsNotMetWithoutABid) {
  Terms terms = plain_terms();
  terms.opening_price = Amount{0};
  terms.reserve = Amount{0};
  Auction auction = created(terms, Timestamp{1'000});
  EXPECT_EQ(auction.reserve_met(), false);
  step(auction, bid("Alice", 0), Timestamp{2'000});
  EXPECT_EQ(auction.reserve_met(), true);
}

TEST(Auction, NextBoundary) {
  Auction auction = created(plain_terms(), Timestamp{500});
  EXPECT_EQ(auction.next_boundary(), Timestamp{1'000});
  step(auction, Tick{}, Timestamp{1'000});
  EXPECT_EQ(auction.next_boundary(), Timestamp{10'000});
  Auction called_off = auction;
  step(called_off, Cancel{}, Timestamp{2'000});
  EXPECT_FALSE(called_off.next_boundary());
  step(auction, Tick{}, Timestamp{10'000});
  EXPECT_FALSE(auction.next_boundary());
}

TEST(Auction, NextBoundaryFollowsAnExtension) {
  Terms terms = plain_terms();
  terms.soft_close = SoftClose{.window = {1'000}, .extend = {2'000}};
  Auction auction = created(terms, Timestamp{1'000});
  step(auction, bid("Alice", 10'000), Timestamp{9'500});
  EXPECT_EQ(auction.next_boundary(), Timestamp{11'500});
}

TEST(Auction, WinnerOnlyAfterASale) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, bid("Alice", 10'000), Timestamp{2'000});
  EXPECT_FALSE(auction.winner());
  step(auction, Tick{}, Timestamp{10'000});
  EXPECT_EQ(auction.winner(), bidder("Alice"));
  EXPECT_TRUE(auction.sold);

  Auction unsold = created(plain_terms(), Timestamp{1'000});
  step(unsold, Tick{}, Timestamp{10'000});
  EXPECT_FALSE(unsold.winner());
  EXPECT_FALSE(unsold.sold);
}

TEST(Auction, EqualsByValueTermsIncluded) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, bid("Alice", 10'000), Timestamp{2'000});
  Auction same = auction;
  same.terms = std::make_shared<const Terms>(*auction.terms);
  EXPECT_EQ(auction, same);

  const std::vector<std::function<void(Auction&)>> changes = {
      [](Auction& other) { other.id = AuctionId{2}; },
      [](Auction& other) { other.sequence = Sequence{99}; },
      [](Auction& other) { other.state = AuctionState::closed; },
      [](Auction& other) { other.sold = true; },
      [](Auction& other) { other.extensions = 1; },
      [](Auction& other) { other.bids = 2; },
      [](Auction& other) { other.price = Amount{10'001}; },
      [](Auction& other) { other.closes_at = Timestamp{10'001}; },
      [](Auction& other) { other.leader = bidder("Bob"); },
      [](Auction& other) { other.terms = nullptr; },
      [](Auction& other) {
        Terms terms = *other.terms;
        terms.reserve = Amount{1};
        other.terms = std::make_shared<const Terms>(terms);
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Auction other = auction;
    changes[i](other);
    EXPECT_FALSE(auction == other) << "change " << i;
    EXPECT_FALSE(other == auction) << "change " << i;
  }
}

TEST(Auction, WithoutABidThePriceIsNotCompared) {
  const Auction auction = created(plain_terms(), Timestamp{1'000});
  Auction other = auction;
  other.price = Amount{5};
  EXPECT_EQ(auction, other);
}

}  // namespace
}  // namespace flashbid
