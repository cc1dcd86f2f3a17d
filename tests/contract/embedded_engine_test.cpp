// What the embedded engine promises of its ledger: nothing leaves before it is durable, and what a full disk or a
// failed sync means. INV numbers are those of ARCHITECTURE.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "ledger/event_codec.hpp"
#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

bool is_ready(std::future<Result<BidAnswer>>& future) {
  return future.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready;
}

KeyUse key_use(Operation operation, const std::string& key, const std::string& fingerprint) {
  return {operation, *BidderId::from("op"), *IdempotencyKey::from(key), fingerprint};
}

TEST(EmbeddedEngine, NothingLeavesBeforeItIsDurable) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.gate.close();
  auto accepted = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000));
  engine.gate.await_arrival();
  auto rejected = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "bob", 10'000));
  EXPECT_FALSE(is_ready(accepted));
  EXPECT_FALSE(is_ready(rejected));
  EXPECT_EQ(engine.read(AuctionId{1})->auction.bids, 0U);
  EXPECT_EQ(engine.events({AuctionId{1}, Sequence{0}, 10, false})->events.size(), 2U);
  engine.gate.open();
  EXPECT_EQ(accepted.get()->verdict, Verdict::accepted);
  EXPECT_EQ(rejected.get()->as_of_sequence, Sequence{3});
  EXPECT_EQ(engine.read(AuctionId{1})->auction.bids, 1U);
}

TEST(EmbeddedEngine, ARejectionThatRestsOnDurableStateDoesNotWait) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.create(open_terms());
  engine.gate.close();
  auto accepted = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000));
  engine.gate.await_arrival();
  EXPECT_EQ(engine.bid(AuctionId{2}, "bob", 5)->reason, Reason::amount_below_minimum);
  engine.gate.open();
  EXPECT_TRUE(accepted.get());
}

TEST(EmbeddedEngine, NoSpaceUndoesAndServiceReturns) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.gate.close();
  engine.faults.no_space_appends = 1;
  auto first = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000, "k1"));
  engine.gate.await_arrival();
  auto resting_on_it = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "bob", 10'050));
  auto next_batch = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "carol", 10'100));
  engine.loop().run_here([] {});
  engine.gate.open();
  EXPECT_EQ(first.get().error().failure, Failure::unavailable);
  EXPECT_EQ(resting_on_it.get().error().failure, Failure::unavailable);
  EXPECT_EQ(next_batch.get().error().failure, Failure::unavailable);
  EXPECT_EQ(engine.read(AuctionId{1})->auction.sequence, Sequence{2});
  // The key is free again: the same key decides anew.
  const auto again = engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sequence, Sequence{3});
  EXPECT_TRUE(engine.engine().health().ready);
}

TEST(EmbeddedEngine, NoSpaceForACreationLeavesNoAuction) {
  EngineUnderTest engine;
  engine.faults.no_space_appends = 1;
  const auto created = engine.create(open_terms(), AuctionId{5}, key_use(Operation::create, "k", "f"));
  EXPECT_EQ(created.error().failure, Failure::unavailable);
  EXPECT_FALSE(engine.engine().health().ready);
  EXPECT_EQ(engine.read(AuctionId{5}).error().failure, Failure::not_found);
  EXPECT_TRUE(engine.create(open_terms(), AuctionId{5}, key_use(Operation::create, "k", "f")));
}

TEST(EmbeddedEngine, AFailedSyncIsAnUnknownOutcomeAndFinal) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.faults.fail_next_sync = true;
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000).error().failure, Failure::outcome_unknown);
  while (!engine.failed()) std::this_thread::yield();  // told right after the answer, on another thread
  EXPECT_FALSE(engine.engine().health().ready);
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000).error().failure, Failure::unavailable);
}

TEST(EmbeddedEngine, AFailedSyncLeavesEveryBatchOfItsTransactionUnknown) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.gate.close();
  auto dummy = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000));
  engine.gate.await_arrival();
  auto first = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "bob", 10'100));
  engine.loop().run_here([] {});  // a round each: two batches
  engine.loop().run_here([] {});
  auto second = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "carol", 10'200));
  engine.loop().run_here([] {});
  engine.loop().run_here([] {});
  engine.gate.let_one_pass();
  EXPECT_TRUE(dummy.get());
  engine.gate.await_arrival();
  engine.faults.fail_next_sync = true;
  engine.gate.open();
  EXPECT_EQ(first.get().error().failure, Failure::outcome_unknown);
  EXPECT_EQ(second.get().error().failure, Failure::outcome_unknown);
}

TEST(EmbeddedEngine, ABoundaryThatCouldNotBeCommittedIsTriedAgain) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.clock.advance(Duration{3'600'000});
  engine.faults.no_space_appends = 1;
  engine.tick();
  while (engine.engine().counters().failed_commits == 0) std::this_thread::yield();
  engine.loop().run_here([] {});
  EXPECT_EQ(engine.read(AuctionId{1})->auction.state, AuctionState::open);
  engine.tick();  // not at once
  EXPECT_EQ(engine.engine().counters().failed_commits, 1U);
  engine.clock.advance(Duration{1'000});
  engine.tick();
  while (engine.read(AuctionId{1})->auction.state == AuctionState::open) std::this_thread::yield();
  EXPECT_EQ(engine.read(AuctionId{1})->auction.state, AuctionState::closed);
}

TEST(EmbeddedEngine, AKeyWhoseFirstUseFailedIsRememberedAsLongAsAny) {
  EngineUnderTest engine;
  engine.idle_before_moving = Duration{3'600'000};
  engine.restart();
  engine.create(open_terms());
  engine.faults.no_space_appends = 1;
  EXPECT_FALSE(engine.bid(AuctionId{1}, "alice", 5, "k1"));  // would have been a rejection
  const auto accepted = engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  ASSERT_EQ(accepted->verdict, Verdict::accepted);
  engine.clock.advance(Duration{601'000});
  engine.tick();
  EXPECT_EQ(*engine.bid(AuctionId{1}, "alice", 10'000, "k1"), *accepted);
}

TEST(EmbeddedEngine, KeysSurviveARestartBeforeTheyAreMoved) {
  EngineUnderTest engine;
  engine.idle_before_moving = Duration{3'600'000};
  engine.restart();
  Terms terms = open_terms();
  terms.soft_close = SoftClose{minute, minute, SoftClose::Mode::from_close, std::nullopt};
  terms.closes_at = noon + minute;
  engine.create(terms);
  const auto answer = engine.bid(AuctionId{1}, "alice", 10'000, "k1");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->closes_at, noon + minute + minute);
  EXPECT_EQ(answer->as_of_sequence, Sequence{4});
  const auto rejection = engine.bid(AuctionId{1}, "bob", 10'000, "k2");
  engine.restart();
  EXPECT_EQ(*engine.bid(AuctionId{1}, "alice", 10'000, "k1"), *answer);
  EXPECT_EQ(*engine.bid(AuctionId{1}, "bob", 10'000, "k2"), *rejection);
  EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 10'001, "k2").error().failure, Failure::key_reused);
}

// INV-8 while the first use is still in flight.
TEST(EmbeddedEngine, TheSameKeyInFlightWaitsForTheSameAnswer) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.gate.close();
  auto first = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000, "k1"));
  engine.gate.await_arrival();
  auto in_flight = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "alice", 10'000, "k1"));
  EXPECT_FALSE(is_ready(in_flight));
  engine.gate.open();
  const BidAnswer answer = *first.get();
  EXPECT_EQ(*in_flight.get(), answer);
  EXPECT_EQ(engine.read(AuctionId{1})->auction.bids, 1U);
}

}  // namespace
}  // namespace flashbid::test
