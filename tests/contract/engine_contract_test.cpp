// What every engine promises, through the port alone. INV numbers are those of ARCHITECTURE.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "ledger/event_codec.hpp"
#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool is_ready(std::future<Result<BidAnswer>>& future) {
  return future.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready;
}

KeyUse key_use(Operation operation, const std::string& key, const std::string& fingerprint) {
  return {operation, *BidderId::from("op"), *IdempotencyKey::from(key), fingerprint};
}

TEST(EngineContract, CreatesAnAuctionThatOpensAtOnce) {
  EngineUnderTest engine;
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

TEST(EngineContract, PicksRisingIdsAndRefusesOneThatIsTaken) {
  EngineUnderTest engine(2);
  EXPECT_EQ(engine.create(open_terms(), AuctionId{1001})->auction.id, AuctionId{1001});
  EXPECT_EQ(engine.create(open_terms())->auction.id, AuctionId{1002});
  const auto taken = engine.create(open_terms(), AuctionId{1001});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().failure, Failure::conflict);
  // The highest explicit id does not use the automatic ones up.
  EXPECT_TRUE(engine.create(open_terms(), max_auction_id));
  EXPECT_EQ(engine.create(open_terms())->auction.id, AuctionId{1003});
}

TEST(EngineContract, AcceptsAndRejectsWithTheStateTheAnswerRestsOn) {
  EngineUnderTest engine;
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
TEST(EngineContract, NothingLeavesBeforeItIsDurable) {
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

TEST(EngineContract, ARejectionThatRestsOnDurableStateDoesNotWait) {
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

// INV-12: no space is "surely not decided", leaves nothing behind, and service returns.
TEST(EngineContract, NoSpaceUndoesAndServiceReturns) {
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

TEST(EngineContract, NoSpaceForACreationLeavesNoAuction) {
  EngineUnderTest engine;
  engine.faults.no_space_appends = 1;
  const auto created = engine.create(open_terms(), AuctionId{5}, key_use(Operation::create, "k", "f"));
  EXPECT_EQ(created.error().failure, Failure::unavailable);
  EXPECT_FALSE(engine.engine().health().ready);
  EXPECT_EQ(engine.read(AuctionId{5}).error().failure, Failure::not_found);
  EXPECT_TRUE(engine.create(open_terms(), AuctionId{5}, key_use(Operation::create, "k", "f")));
}

TEST(EngineContract, AFailedSyncIsAnUnknownOutcomeAndFinal) {
  EngineUnderTest engine;
  engine.create(open_terms());
  engine.faults.fail_next_sync = true;
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000).error().failure, Failure::outcome_unknown);
  while (!engine.failed()) std::this_thread::yield();  // told right after the answer, on another thread
  EXPECT_FALSE(engine.engine().health().ready);
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000).error().failure, Failure::unavailable);
}

// Every batch that was in the transaction whose sync failed may be there: none of them may be called undecided.
TEST(EngineContract, AFailedSyncLeavesEveryBatchOfItsTransactionUnknown) {
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

TEST(EngineContract, ABoundaryThatCouldNotBeCommittedIsTriedAgain) {
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

// A rejection's ten minutes do not end the memory of a later use of the key.
TEST(EngineContract, AKeyWhoseFirstUseFailedIsRememberedAsLongAsAny) {
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

// INV-8 in flight, durable, moved into history, and after a restart.
TEST(EngineContract, TheSameKeyHasOneEffectAndTheSameAnswer) {
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

TEST(EngineContract, KeysSurviveARestartBeforeTheyAreMoved) {
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

TEST(EngineContract, AnExtendedBidsAnswerIsTheSameFromHistory) {
  EngineUnderTest engine;
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

TEST(EngineContract, OperatorsKeys) {
  EngineUnderTest engine(2);
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

TEST(EngineContract, RecoversExactlyWhatWasDurable) {
  EngineUnderTest engine(2);
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

TEST(EngineContract, TimersOpenAndCloseAndTheClockNeverTurnsBack) {
  EngineUnderTest engine;
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

TEST(EngineContract, ClosesOnceEvenIfTheEndPassedWhileItWasDown) {
  EngineUnderTest engine;
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

TEST(EngineContract, ListsByStateAcrossShardsMemoryAndHistory) {
  EngineUnderTest engine(2);
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

TEST(EngineContract, PagesJoinHistoryAndMemory) {
  EngineUnderTest engine;
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
