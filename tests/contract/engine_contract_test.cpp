// What every engine promises, through the port alone. INV numbers are those of ARCHITECTURE.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/event_codec.hpp"
#include "support/engine_under_test.hpp"
#include "support/redis_engine_under_test.hpp"

namespace flashbid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

KeyUse key_use(Operation operation, const std::string& key, const std::string& fingerprint) {
  return {operation, *BidderId::from("op"), *IdempotencyKey::from(key), fingerprint};
}

template <class T>
class EngineContract : public ::testing::Test {};
using Engines = ::testing::Types<EngineUnderTest, RedisEngineUnderTest, RedisClusterUnderTest>;
TYPED_TEST_SUITE(EngineContract, Engines);

TYPED_TEST(EngineContract, CreatesAnAuctionThatOpensAtOnce) {
  TypeParam engine;
  const auto created = engine.create(open_terms());
  ASSERT_TRUE(created);
  EXPECT_EQ(created->auction.id, AuctionId{1});
  EXPECT_EQ(created->auction.state, AuctionState::open);
  EXPECT_EQ(created->auction.sequence, Sequence{2});
  EXPECT_EQ(created->epoch, Epoch{1});
  const auto page = engine.events({AuctionId{1}, Sequence{0}, 10, false});
  ASSERT_EQ(page->events.size(), 2U);
  EXPECT_THAT(*page->events[0], HasSubstr("\"event\":\"created\""));
  EXPECT_THAT(*page->events[1], HasSubstr("\"event\":\"opened\""));
}

TYPED_TEST(EngineContract, PicksRisingIdsAndRefusesOneThatIsTaken) {
  TypeParam engine(2);
  EXPECT_EQ(engine.create(open_terms(), AuctionId{1001})->auction.id, AuctionId{1001});
  EXPECT_EQ(engine.create(open_terms())->auction.id, AuctionId{1002});
  const auto taken = engine.create(open_terms(), AuctionId{1001});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().failure, Failure::conflict);
  // The highest explicit id does not use the automatic ones up.
  EXPECT_TRUE(engine.create(open_terms(), max_auction_id));
  EXPECT_EQ(engine.create(open_terms())->auction.id, AuctionId{1003});
}

TYPED_TEST(EngineContract, WhenAutomaticIdsHaveRunOutAnIdHasToBeGiven) {
  constexpr std::uint64_t last_automatic = (std::uint64_t{1} << 52) - 1;
  TypeParam engine;
  ASSERT_TRUE(engine.create(open_terms(), AuctionId{last_automatic}));
  const auto none_left = engine.create(open_terms());
  ASSERT_FALSE(none_left);
  EXPECT_EQ(none_left.error().failure, Failure::conflict);
  EXPECT_THAT(none_left.error().detail, HasSubstr("give an id"));
  EXPECT_TRUE(engine.create(open_terms(), AuctionId{7}));
}

TYPED_TEST(EngineContract, AcceptsAndRejectsWithTheStateTheAnswerRestsOn) {
  TypeParam engine;
  engine.create(open_terms());
  const auto accepted = engine.bid(AuctionId{1}, "alice", 10'000);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->verdict, Verdict::accepted);
  EXPECT_EQ(accepted->sequence, Sequence{3});
  EXPECT_EQ(accepted->as_of_sequence, Sequence{3});
  EXPECT_EQ(accepted->price, Amount{10'000});
  EXPECT_EQ(accepted->minimum_next, Amount{10'100});
  const auto rejected = engine.bid(AuctionId{1}, "bob", 10'000);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->reason, Reason::amount_below_minimum);
  EXPECT_EQ(rejected->leader.view(), "alice");
  EXPECT_EQ(rejected->sequence, Sequence{0});
  EXPECT_EQ(rejected->as_of_sequence, Sequence{3});
  EXPECT_EQ(engine.bid(AuctionId{7}, "bob", 1).error().failure, Failure::not_found);
}

// INV-1, INV-2, INV-3: while the batch is not durable, nobody hears of it, not even by a rejection.
// INV-12: no space is "surely not decided", leaves nothing behind, and service returns.
// Every batch that was in the transaction whose sync failed may be there: none of them may be called undecided.
// A rejection's ten minutes do not end the memory of a later use of the key.
// INV-8 in flight, durable, moved into history, and after a restart.
TYPED_TEST(EngineContract, TheSameKeyHasOneEffectAndTheSameAnswer) {
  TypeParam engine;
  engine.create(open_terms());
  const BidAnswer answer = *engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  const BidAnswer rejection = *engine.bid(AuctionId{1}, "bob", 10'001, "k1");  // another bidder, another scope
  EXPECT_EQ(rejection.verdict, Verdict::rejected);
  engine.bid(AuctionId{1}, "carol", 12'000);  // the state moves on, the answers do not
  const auto check = [&] {
    EXPECT_EQ(*engine.bid(AuctionId{1}, "alice", 10'000, "k1"), answer);
    EXPECT_EQ(*engine.bid(AuctionId{1}, "bob", 10'001, "k1"), rejection);
    EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'001, "k1").error().failure, Failure::key_reused);
    EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 10'000, "k1").error().failure, Failure::key_reused);
    EXPECT_EQ(engine.read(AuctionId{1})->auction.bids, 2U);
  };
  check();
  engine.await_moved();
  check();
  engine.restart();
  check();
}

TYPED_TEST(EngineContract, AnExtendedBidsAnswerIsTheSameFromHistory) {
  TypeParam engine;
  Terms terms = open_terms();
  terms.soft_close = SoftClose{minute, minute, SoftClose::Mode::from_close, std::nullopt};
  terms.closes_at = noon + minute;
  engine.create(terms);
  const auto answer = engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  engine.await_moved();
  EXPECT_EQ(*engine.bid(AuctionId{1}, "alice", 10'000, "k1"), *answer);
  engine.restart();
  EXPECT_EQ(*engine.bid(AuctionId{1}, "alice", 10'000, "k1"), *answer);
}

// In memory, moved into history, and after a restart; those without a key are not kept.
TYPED_TEST(EngineContract, RefusedBidsAreRememberedUnderTheirKeys) {
  TypeParam engine(2);
  engine.create(open_terms());
  engine.create(open_terms());
  engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  const BidAnswer low = *engine.bid(AuctionId{1}, "bob", 10'001, "k2");
  engine.bid(AuctionId{1}, "bob", 10'002);
  EXPECT_EQ(*engine.bid(AuctionId{1}, "bob", 10'001, "k2"), low) << "again, which is no other one";
  const BidAnswer other = *engine.bid(AuctionId{2}, "bob", 1, "k2");
  const BidAnswer later = *engine.bid(AuctionId{1}, "carol", 10'001, "k2");
  const auto check = [&] {
    for (std::size_t loop = 0; loop < 2; ++loop) {
      const auto one = engine.rejections(AuctionId{1}, loop);
      ASSERT_TRUE(one) << one.error().detail;
      EXPECT_THAT(one->answers, ElementsAre(low, later));
      EXPECT_LE(one->since, low.decided_at);
      EXPECT_GT(one->since, low.decided_at - Duration{660'000});
      EXPECT_THAT(engine.rejections(AuctionId{2}, loop)->answers, ElementsAre(other));
      EXPECT_EQ(engine.rejections(AuctionId{7}, loop).error().failure, Failure::not_found);
    }
  };
  check();
  engine.await_moved();
  check();
  engine.restart();
  check();
}

OperatorAction action(std::uint64_t sequence, std::string_view name, const std::string& by, Timestamp at = noon) {
  return {Sequence{sequence}, name, *BidderId::from(by), at};
}

// In memory, moved into history, and after a restart.
TYPED_TEST(EngineContract, WhoDidWhatIsKept) {
  TypeParam engine(2);
  Terms terms = open_terms();
  terms.reserve = Amount{50'000};
  ASSERT_TRUE(engine.create(terms, AuctionId{1}, key_use(Operation::create, "k1", "body"), "boss"));
  ASSERT_TRUE(engine.create(terms, AuctionId{2}));
  ASSERT_TRUE(engine.create(terms, AuctionId{3}, std::nullopt, "boss"));
  ASSERT_TRUE(engine.bid(AuctionId{1}, "alice", 10'000));
  engine.await_moved();  // one is in history by then, the other is to come
  ASSERT_TRUE(engine.cancel(AuctionId{1}, std::nullopt, "ops-2"));
  ASSERT_TRUE(engine.cancel(AuctionId{2}, key_use(Operation::cancel, "k2", "")));
  const auto check = [&] {
    for (std::size_t loop = 0; loop < 2; ++loop) {
      const auto one = engine.actions(AuctionId{1}, loop);
      ASSERT_TRUE(one) << one.error().detail;
      EXPECT_THAT(*one, ElementsAre(action(1, "created", "boss"), action(4, "cancelled", "ops-2")));
      EXPECT_THAT(*engine.actions(AuctionId{2}, loop),
                  ElementsAre(action(1, "created", ""), action(3, "cancelled", "")));
      EXPECT_THAT(*engine.actions(AuctionId{3}, loop), ElementsAre(action(1, "created", "boss")));
      EXPECT_EQ(engine.actions(AuctionId{7}, loop).error().failure, Failure::not_found);
    }
  };
  check();
  engine.restart();
  check();
  engine.await_moved();
  check();
  engine.restart();
  check();
}

// INV-8: the same key again is no action, whoever it now says it is.
TYPED_TEST(EngineContract, ARepeatedRequestKeepsWhoWasFirst) {
  TypeParam engine;
  const auto create_key = key_use(Operation::create, "k1", "body");
  const auto cancel_key = key_use(Operation::cancel, "k1", "");
  ASSERT_TRUE(engine.create(open_terms(), std::nullopt, create_key, "first"));
  ASSERT_TRUE(engine.create(open_terms(), std::nullopt, create_key, "second"));
  ASSERT_TRUE(engine.cancel(AuctionId{1}, cancel_key, "third"));
  ASSERT_TRUE(engine.cancel(AuctionId{1}, cancel_key, "fourth"));
  EXPECT_THAT(*engine.actions(AuctionId{1}),
              ElementsAre(action(1, "created", "first"), action(3, "cancelled", "third")));
}

// What was refused is no action; nor is the end that a late cancellation found.
TYPED_TEST(EngineContract, WhatWasRefusedIsNoAction) {
  TypeParam engine;
  Terms terms = open_terms();
  terms.closes_at = noon + minute;
  ASSERT_TRUE(engine.create(terms, AuctionId{1}, std::nullopt, "boss"));
  EXPECT_FALSE(engine.create(terms, AuctionId{1}, std::nullopt, "thief"));
  engine.clock.advance(minute);
  EXPECT_EQ(engine.cancel(AuctionId{1}, std::nullopt, "late").error().failure, Failure::conflict);
  EXPECT_THAT(*engine.actions(AuctionId{1}), ElementsAre(action(1, "created", "boss")));
}

// Whoever reads the events of the public reads nobody's name in them.
TYPED_TEST(EngineContract, WhoDidWhatIsInNoPublicText) {
  TypeParam engine;
  ASSERT_TRUE(engine.create(open_terms(), AuctionId{1}, std::nullopt, "the-operator"));
  ASSERT_TRUE(engine.cancel(AuctionId{1}, std::nullopt, "the-operator"));
  const auto page = engine.events({AuctionId{1}, Sequence{0}, 10, false});
  ASSERT_EQ(page->events.size(), 3U);
  for (const SharedBytes& event : page->events) EXPECT_THAT(*event, ::testing::Not(HasSubstr("the-operator")));
}

TYPED_TEST(EngineContract, OperatorsKeys) {
  TypeParam engine(2);
  const auto key = key_use(Operation::create, "k1", "body");
  const auto created = engine.create(open_terms(), std::nullopt, key);
  engine.bid(created->auction.id, "alice", 10'000);
  const auto check_create = [&] {
    const auto again = engine.create(open_terms(), std::nullopt, key);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->auction, created->auction);  // as it was created, not as it is
    EXPECT_EQ(engine.create(open_terms(), std::nullopt, key_use(Operation::create, "k1", "other")).error().failure,
              Failure::key_reused);
  };
  check_create();
  const auto cancel_key = key_use(Operation::cancel, "k1", "");
  ASSERT_TRUE(engine.cancel(created->auction.id, cancel_key));
  const auto check_cancel = [&] {
    const auto again = engine.cancel(created->auction.id, cancel_key);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->auction.state, AuctionState::cancelled);
    EXPECT_EQ(engine.cancel(created->auction.id).error().failure, Failure::conflict);
    EXPECT_EQ(engine.cancel(created->auction.id, key_use(Operation::cancel, "k1", "x")).error().failure,
              Failure::key_reused);
  };
  check_cancel();
  engine.await_moved();
  check_create();
  check_cancel();
  engine.restart();
  check_create();
  check_cancel();
  EXPECT_EQ(engine.list({std::nullopt, AuctionId{0}, 10})->auctions.size(), 1U);
}

// Only what came to something is remembered.
TYPED_TEST(EngineContract, ARefusedCreationsKeyIsFree) {
  TypeParam engine;
  ASSERT_TRUE(engine.create(open_terms(), AuctionId{7}));
  for (int twice = 0; twice < 2; ++twice) {
    const auto taken = engine.create(open_terms(), AuctionId{7}, key_use(Operation::create, "k1", "body with 7"));
    EXPECT_EQ(taken.error().failure, Failure::conflict);
  }
  const auto key = key_use(Operation::create, "k1", "body with 8");
  const auto created = engine.create(open_terms(), AuctionId{8}, key);
  ASSERT_TRUE(created) << created.error().detail;
  EXPECT_EQ(engine.create(open_terms(), AuctionId{8}, key)->auction, created->auction);
}

TYPED_TEST(EngineContract, RecoversExactlyWhatWasDurable) {
  TypeParam engine(2);
  for (int i = 0; i < 5; ++i) engine.create(open_terms());
  for (int i = 0; i < 20; ++i) {
    const AuctionId id{static_cast<std::uint64_t>(1 + i % 5)};
    engine.bid(id, "bidder" + std::to_string(i % 3), 10'000 + i * 100);
  }
  std::vector<Auction> before;
  for (std::uint64_t id = 1; id <= 5; ++id) before.push_back(engine.read(AuctionId{id})->auction);
  for (int restarts = 0; restarts < 2; ++restarts) {
    engine.restart();
    for (std::uint64_t id = 1; id <= 5; ++id) EXPECT_EQ(engine.read(AuctionId{id})->auction, before[id - 1]);
    engine.await_moved();
  }
  EXPECT_EQ(engine.bid(AuctionId{1}, "late", 20'000)->sequence, before[0].sequence.next());
  EXPECT_EQ(engine.create(open_terms())->auction.id, AuctionId{6});
}

TYPED_TEST(EngineContract, TimersOpenAndCloseAndTheClockNeverTurnsBack) {
  TypeParam engine;
  Terms terms = open_terms();
  terms.opens_at = noon + minute;
  engine.create(terms);
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000)->reason, Reason::not_open_yet);
  engine.clock.advance(minute);
  engine.tick();
  engine.bid(AuctionId{1}, "alice", 10'000);
  EXPECT_EQ(engine.read(AuctionId{1})->auction.state, AuctionState::open);
  engine.clock.advance(Duration{3'600'000});
  engine.tick();
  engine.bid(AuctionId{1}, "alice", 1);  // its answer rests on the close
  const auto closed = engine.read(AuctionId{1});
  EXPECT_EQ(closed->auction.state, AuctionState::closed);
  EXPECT_EQ(closed->auction.winner()->view(), "alice");
  EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 20'000)->reason, Reason::closed);
}

TYPED_TEST(EngineContract, ClosesOnceEvenIfTheEndPassedWhileItWasDown) {
  TypeParam engine;
  engine.create(open_terms());
  engine.bid(AuctionId{1}, "alice", 10'000);
  engine.stop();
  engine.clock.advance(Duration{7'200'000});
  engine.start();
  EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 20'000)->reason, Reason::closed);
  engine.tick();
  engine.bid(AuctionId{1}, "bob", 20'000);
  EXPECT_EQ(engine.events({AuctionId{1}, Sequence{3}, 10, false})->events.size(), 1U);
}

TYPED_TEST(EngineContract, ListsByStateAcrossShardsMemoryAndHistory) {
  TypeParam engine(2);
  for (int i = 0; i < 6; ++i) engine.create(open_terms());
  engine.cancel(AuctionId{2});
  engine.cancel(AuctionId{5});
  const auto ids = [&](std::optional<AuctionState> state, std::uint64_t after, std::size_t limit) {
    std::vector<std::uint64_t> found;
    for (const AuctionView& view : engine.list({state, AuctionId{after}, limit})->auctions) {
      found.push_back(view.auction.id.value());
    }
    return found;
  };
  const auto check = [&] {
    EXPECT_THAT(ids(std::nullopt, 0, 10), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(ids(AuctionState::open, 0, 10), ElementsAre(1, 3, 4, 6));
    EXPECT_THAT(ids(AuctionState::cancelled, 0, 10), ElementsAre(2, 5));
    EXPECT_THAT(ids(std::nullopt, 2, 2), ElementsAre(3, 4));
    EXPECT_TRUE(engine.list({std::nullopt, AuctionId{2}, 2})->more);
    EXPECT_FALSE(engine.list({std::nullopt, AuctionId{2}, 4})->more);
  };
  check();
  engine.await_moved();
  check();
  engine.restart();  // what is over is not in memory any more
  check();
  EXPECT_EQ(engine.read(AuctionId{2})->auction.state, AuctionState::cancelled);
}

TYPED_TEST(EngineContract, PagesJoinHistoryAndMemory) {
  TypeParam engine;
  engine.create(open_terms());
  for (int i = 0; i < 50; ++i) engine.bid(AuctionId{1}, "a", 10'000 + i * 100);
  engine.await_moved();
  engine.restart();
  for (int i = 50; i < 70; ++i) engine.bid(AuctionId{1}, "a", 10'000 + i * 100);
  for (const bool bids_only : {false, true}) {
    Sequence after{0};
    std::uint64_t seen = 0;
    for (;;) {
      const auto page = engine.events({AuctionId{1}, after, 7, bids_only});
      ASSERT_TRUE(page);
      if (page->events.empty()) break;
      EXPECT_GT(page->last, after);
      seen += page->events.size();
      after = page->last;
    }
    EXPECT_EQ(seen, bids_only ? 70U : 72U);
  }
}

}  // namespace
}  // namespace flashbid::test
