// What the embedded engine promises of its ledger: nothing leaves before it is durable, and what a full disk or a
// failed sync means. INV numbers are those of ARCHITECTURE.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ledger/event_codec.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/engine_under_test.hpp"
#include "support/ledger_session.hpp"

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

// INV-3 of who did what; and what could not be committed is nobody's action.
TEST(EmbeddedEngine, AnActionIsReadOnlyOnceItIsDurable) {
  EngineUnderTest engine;
  engine.create(open_terms(), std::nullopt, std::nullopt, "boss");
  engine.gate.close();
  engine.faults.no_space_appends = 1;
  auto failed = std::async(std::launch::async, [&] { return engine.cancel(AuctionId{1}, std::nullopt, "ops-1"); });
  engine.gate.await_arrival();
  EXPECT_EQ(engine.actions(AuctionId{1})->size(), 1U);
  engine.gate.open();
  EXPECT_EQ(failed.get().error().failure, Failure::unavailable);
  EXPECT_EQ(engine.actions(AuctionId{1})->size(), 1U);
  ASSERT_TRUE(engine.cancel(AuctionId{1}, std::nullopt, "ops-2"));
  const auto actions = *engine.actions(AuctionId{1});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(actions[1].by.view(), "ops-2");
}

TEST(EmbeddedEngine, ActionsThatHaveNotMovedAreThereAfterARestart) {
  EngineUnderTest engine;
  engine.longest_final_move = Duration{0};
  engine.idle_before_moving = Duration{3'600'000};
  engine.restart();
  engine.create(open_terms(), std::nullopt, std::nullopt, "boss");
  engine.cancel(AuctionId{1}, std::nullopt, "ops-2");
  engine.restart();
  ASSERT_EQ(engine.engine().counters().unmoved, 3U);
  const auto actions = engine.actions(AuctionId{1});
  ASSERT_TRUE(actions) << actions.error().detail;
  ASSERT_EQ(actions->size(), 2U);
  EXPECT_EQ((*actions)[0].by.view(), "boss");
  EXPECT_EQ((*actions)[1].by.view(), "ops-2");
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

// What a journal cannot hold stops the start, and says where.
TEST(EmbeddedEngine, AJournalThatDoesNotFollowStopsTheStart) {
  using testing::AuctionScript;
  const auto key = [](const char* text) { return testing::key_use(Operation::bid, "Bob", text, "1"); };
  AuctionScript one(1);
  const auto created = one.create();
  AuctionScript unknown(2);
  unknown.create();
  const Record rejected = one.reject("Bob", 1, testing::script_start, key("k"));
  Record keyless = rejected;
  keyless.secret = "";
  const auto with = [](Record record, const char* payload, const char* secret) {
    if (payload != nullptr) record.payload = std::make_shared<const std::string>(payload);
    if (secret != nullptr) record.secret = secret;
    return record;
  };
  one.bid("Alice", 1000);
  const auto later = one.bid("Bob", 1100);
  const struct {
    std::vector<Record> records;
    const char* said;
  } wrong[] = {
      {{created[0], created[1], later[0]}, "auction 1 goes from event 2 to 4"},
      {{unknown.reject("Bob", 1, testing::script_start, key("k"))}, "an answer without its auction or its key"},
      {{created[0], keyless}, "an answer without its auction or its key"},
      {{created[0], with(rejected, "{", nullptr)}, "an answer is damaged at byte 0 of 1: expected "},
      {{created[0], with(rejected, nullptr, "{")}, "damaged at byte"},
      {{with(created[0], "{", nullptr)}, "an event is damaged at byte 0 of 1: expected "},
      {{with(created[0], nullptr, "{")}, "damaged at byte"},
  };
  for (const auto& [records, said] : wrong) {
    const auto disk = make_memory_disk();
    const auto written = open_memory_ledger(disk);
    ASSERT_TRUE(testing::recover(written->writer()));
    ASSERT_TRUE(written->writer().append(records));
    try {
      EngineUnderTest engine(1, [&] { return open_memory_ledger(disk); });
      ADD_FAILURE() << "it started, though " << said;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(said));
    }
  }
}

// Auctions that are over leave memory, the oldest first, and are read from history.
TEST(EmbeddedEngine, AuctionsThatAreOverLeaveMemory) {
  constexpr std::uint64_t kept = 10'000;
  EngineUnderTest engine;
  for (std::uint64_t id = 1; id <= kept + 100; ++id) {
    ASSERT_TRUE(engine.create(open_terms()));
    ASSERT_TRUE(engine.cancel(AuctionId{id}));
    // The first one has an answer to give again: it stays.
    if (id == 1) EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 10'000, "k")->reason, Reason::cancelled);
  }
  engine.await_moved();
  engine.settle();
  EXPECT_EQ(engine.engine().counters().auctions_in_memory, kept + 1);
  for (const std::uint64_t id : {1U, 50U, 5'000U}) {
    const auto read = engine.read(AuctionId{id});
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->auction.state, AuctionState::cancelled);
  }
  EXPECT_LE(engine.engine().counters().auctions_in_memory, kept + 1);
  EXPECT_EQ(engine.bid(AuctionId{1}, "bob", 10'001, "k").error().failure, Failure::key_reused);
}

// Nobody bids while it is not ready: so it must not wait for a bid to be ready again.
TEST(EmbeddedEngine, APassingProblemIsForgotten) {
  EngineUnderTest engine;
  engine.faults.no_space_appends = 1;
  EXPECT_FALSE(engine.create(open_terms()));
  EXPECT_FALSE(engine.engine().health().ready);
  engine.clock.advance(minute);
  EXPECT_TRUE(engine.engine().health().ready);
}

}  // namespace
}  // namespace flashbid::test
