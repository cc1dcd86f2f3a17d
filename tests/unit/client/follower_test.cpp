// What one auction's watcher takes, what it passes over, and when it asks again. How all of it fits together is judged
// in property/client_property_test.cpp.
#include "client/follower.hpp"

#include <gtest/gtest.h>

namespace flashbid::client {
namespace {

using Taken = Follower::Taken;

Auction auction_at(std::uint64_t epoch, std::uint64_t sequence) {
  Auction auction;
  auction.id = 7;
  auction.state = AuctionState::open;
  auction.place = {epoch, sequence};
  return auction;
}

EventFrame bid_at(std::uint64_t epoch, std::uint64_t sequence) {
  return {{.kind = EventKind::bid_accepted,
           .auction_id = 7,
           .place = {epoch, sequence},
           .bidder = "Bob",
           .amount = 100,
           .price = 100,
           .leader = "Bob",
           .minimum_next = 101}};
}

class Following : public testing::Test {
 protected:
  Following() { EXPECT_EQ(follower.take(SnapshotFrame{auction_at(2, 5)}, update), Taken::told); }
  Follower follower{Mode::every};
  Update update;
};

TEST_F(Following, EveryEventOnceAndInOrder) {
  EXPECT_EQ(update.kind, Update::Kind::snapshot);
  EXPECT_EQ(follower.take(bid_at(2, 6), update), Taken::told);
  EXPECT_EQ(update.kind, Update::Kind::event);
  EXPECT_EQ(update.auction.price, 100);
  EXPECT_EQ(update.auction.bids, 1U);
  EXPECT_EQ(follower.take(bid_at(2, 6), update), Taken::nothing) << "again";
  EXPECT_EQ(follower.take(bid_at(2, 3), update), Taken::nothing) << "of long ago";
  EXPECT_EQ(follower.take(bid_at(2, 8), update), Taken::gap);
  EXPECT_EQ(follower.place(), (Place{2, 6}));
}

TEST_F(Following, AnEventOfALaterEpochIsAnotherHistorys) {
  EXPECT_EQ(follower.take(bid_at(3, 6), update), Taken::gap);
  EXPECT_EQ(follower.take(ResetFrame{auction_at(3, 4)}, update), Taken::told);
  EXPECT_EQ(update.kind, Update::Kind::reset);
  EXPECT_EQ(follower.take(bid_at(3, 5), update), Taken::told);
}

TEST_F(Following, AnEventOfAnEarlierEpochKeepsItsOwn) {
  EXPECT_EQ(follower.take(ResetFrame{auction_at(3, 5)}, update), Taken::told);
  EXPECT_EQ(follower.take(bid_at(2, 6), update), Taken::told);
  EXPECT_EQ(follower.place(), (Place{3, 6}));
}

TEST_F(Following, ASecondSnapshotTakesNothingBack) {
  EXPECT_EQ(follower.take(SnapshotFrame{auction_at(2, 4)}, update), Taken::nothing);
  EXPECT_EQ(follower.take(SnapshotFrame{auction_at(2, 5)}, update), Taken::nothing);
  EXPECT_EQ(follower.take(SnapshotFrame{auction_at(2, 9)}, update), Taken::gap) << "events between were not told";
}

TEST(Follower, TheFirstThatIsToldIsASnapshot) {
  Follower follower(Mode::every);
  Update update;
  EXPECT_EQ(follower.take(bid_at(1, 1), update), Taken::gap);
  EXPECT_FALSE(follower.place());
  EXPECT_EQ(follower.take(ResetFrame{auction_at(3, 4)}, update), Taken::told);
  EXPECT_EQ(update.kind, Update::Kind::snapshot);
}

TEST(Follower, OfTheLatestOnlyWhatIsNewer) {
  Follower follower(Mode::latest);
  Update update;
  EXPECT_EQ(follower.take(StateFrame{7, auction_at(1, 3)}, update), Taken::gap);
  EXPECT_EQ(follower.take(SnapshotFrame{auction_at(1, 3)}, update), Taken::told);
  EXPECT_EQ(follower.take(StateFrame{7, auction_at(1, 8)}, update), Taken::told);
  EXPECT_EQ(update.auction.id, 7U);
  EXPECT_EQ(update.auction.place, (Place{1, 8}));
  EXPECT_EQ(follower.take(StateFrame{7, auction_at(1, 7)}, update), Taken::nothing);
  EXPECT_EQ(follower.take(SnapshotFrame{auction_at(1, 7)}, update), Taken::nothing);
  EXPECT_EQ(follower.take(bid_at(1, 9), update), Taken::nothing);
  EXPECT_FALSE(follower.place());
}

}  // namespace
}  // namespace flashbid::client
