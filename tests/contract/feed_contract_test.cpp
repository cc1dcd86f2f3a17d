// What a watcher is promised (INV-3, INV-10), through the hubs of an engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes down what it is told; used and read on its loop only.
struct RecordingWatcher final : Watcher {
  void on_snapshot(const Snapshot& snapshot) override {
    told = true;
    snapshots.push_back(snapshot);
    last = snapshot.view->auction.sequence.value();
  }
  void on_events(AuctionId, Epoch, std::span<PublishedEvent> events) override {
    told = true;
    for (const PublishedEvent& event : events) {
      gapless = gapless && event.sequence.value() == last + 1;
      last = event.sequence.value();
      sequences.push_back(last);
    }
    if (leave_after > 0 && sequences.size() >= leave_after) leave();
  }
  void on_newer_state(AuctionId) override { ++newer; }
  void on_refused(AuctionId, const Error& error) override {
    told = true;
    refused.push_back(error.failure);
  }

  std::vector<Snapshot> snapshots;
  std::vector<std::uint64_t> sequences;
  std::vector<Failure> refused;
  std::function<void()> leave;
  std::size_t leave_after = 0;
  std::uint64_t last = 0;
  bool gapless = true;
  bool told = false;  // the subscription has been answered, if only by "nothing is missing"
  int newer = 0;
};

class FeedContract : public testing::Test {
 protected:
  void watch(RecordingWatcher& watcher, WatchMode mode, std::optional<ResumePoint> from = std::nullopt,
             std::size_t loop = 0) {
    engine.loop(loop).run_here([&] {
      watcher.told = false;
      engine.engine(loop).hub().subscribe(watcher, AuctionId{1}, mode, from);
    });
    // A resume may have to read history, even twice if events move there meanwhile.
    while (!engine.loop(loop).run_here([&] { return watcher.told; })) std::this_thread::yield();
  }
  void unwatch(RecordingWatcher& watcher, std::size_t loop = 0) {
    engine.loop(loop).run_here([&] { engine.engine(loop).hub().unsubscribe(watcher, AuctionId{1}); });
  }
  // Lets what is on its way between the loops arrive.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < loops; ++k) engine.loop(k).run_here([] {});
    }
  }
  std::vector<std::uint64_t> seen(RecordingWatcher& watcher, std::size_t loop = 0) {
    settle();
    return engine.loop(loop).run_here([&] { return watcher.sequences; });
  }

  static constexpr std::size_t loops = 2;
  EngineUnderTest engine{loops};
};

TEST_F(FeedContract, SnapshotThenEveryLaterEvent) {
  engine.create(open_terms());
  RecordingWatcher near;
  RecordingWatcher far;
  watch(near, WatchMode::every, std::nullopt, 1);  // auction 1 lives on loop 1
  watch(far, WatchMode::every, std::nullopt, 0);
  ASSERT_EQ(near.snapshots.size(), 1U);
  EXPECT_FALSE(near.snapshots[0].reset);
  EXPECT_EQ(far.snapshots[0].view->auction.sequence, Sequence{2});
  engine.bid(AuctionId{1}, "a", 10'000);
  engine.bid(AuctionId{1}, "b", 10'000);
  engine.bid(AuctionId{1}, "b", 10'100);
  EXPECT_THAT(seen(near, 1), ElementsAre(3, 4));
  EXPECT_THAT(seen(far, 0), ElementsAre(3, 4));
  EXPECT_EQ(engine.read(AuctionId{1})->watchers, 2U);
  unwatch(near, 1);
  unwatch(far, 0);
  settle();
  EXPECT_EQ(engine.read(AuctionId{1})->watchers, 0U);
  engine.bid(AuctionId{1}, "c", 10'200);
  EXPECT_THAT(seen(near, 1), ElementsAre(3, 4));
}

TEST_F(FeedContract, NothingIsPushedBeforeItIsDurable) {
  engine.create(open_terms());
  RecordingWatcher watcher;
  watch(watcher, WatchMode::every);
  engine.gate.close();
  auto bid = engine.bid_later(EngineUnderTest::request(AuctionId{1}, "a", 10'000));
  engine.gate.await_arrival();
  EXPECT_THAT(seen(watcher), IsEmpty());
  engine.gate.open();
  bid.get();
  EXPECT_THAT(seen(watcher), ElementsAre(3));
  unwatch(watcher);
}

TEST_F(FeedContract, ResumesFromMemoryFromHistoryAndResets) {
  engine.create(open_terms());
  for (int i = 0; i < 10; ++i) engine.bid(AuctionId{1}, "a", 10'000 + i * 100);
  const auto resumed = [&](ResumePoint from) {
    RecordingWatcher watcher;
    watcher.last = from.after.value();
    watch(watcher, WatchMode::every, from);
    unwatch(watcher);
    settle();
    EXPECT_TRUE(watcher.gapless);
    return watcher;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(resumed({Epoch{1}, Sequence{9}}).sequences, ElementsAre(10, 11, 12));
    EXPECT_THAT(resumed({std::nullopt, Sequence{11}}).sequences, ElementsAre(12));
    EXPECT_EQ(resumed({Epoch{1}, Sequence{0}}).sequences.size(), 12U);
    const auto up_to_date = resumed({Epoch{1}, Sequence{12}});
    EXPECT_THAT(up_to_date.sequences, IsEmpty());
    EXPECT_THAT(up_to_date.snapshots, IsEmpty());
    for (const ResumePoint from : {ResumePoint{Epoch{2}, Sequence{9}}, ResumePoint{Epoch{1}, Sequence{13}}}) {
      const auto reset = resumed(from);
      ASSERT_EQ(reset.snapshots.size(), 1U);
      EXPECT_TRUE(reset.snapshots[0].reset);
      EXPECT_THAT(reset.sequences, IsEmpty());
    }
    engine.await_moved();
    engine.restart();  // the second round reads history
  }
}

TEST_F(FeedContract, AGapTooLongIsAReset) {
  engine.create(open_terms());
  std::vector<std::future<Result<BidAnswer>>> bids;
  for (int i = 0; i < 8'300; ++i) {
    bids.push_back(engine.bid_later(EngineUnderTest::request(AuctionId{1}, "a", 10'000 + i * 100)));
  }
  for (auto& bid : bids) ASSERT_TRUE(bid.get());
  engine.await_moved();
  engine.restart();
  RecordingWatcher watcher;
  watch(watcher, WatchMode::every, ResumePoint{Epoch{1}, Sequence{5}});
  ASSERT_EQ(watcher.snapshots.size(), 1U);
  EXPECT_TRUE(watcher.snapshots[0].reset);
  unwatch(watcher);
}

TEST_F(FeedContract, LatestIsToldThatThereIsANewerState) {
  engine.create(open_terms());
  RecordingWatcher watcher;
  watch(watcher, WatchMode::latest, ResumePoint{Epoch{1}, Sequence{1}});
  EXPECT_EQ(watcher.snapshots.size(), 1U);
  engine.bid(AuctionId{1}, "a", 10'000);
  settle();
  EXPECT_EQ(watcher.newer, 1);
  EXPECT_THAT(watcher.sequences, IsEmpty());
  const auto newest = engine.loop().run_here([&] { return engine.engine().hub().newest(AuctionId{1})->view; });
  EXPECT_EQ(newest->auction.sequence, Sequence{3});
  unwatch(watcher);
  EXPECT_EQ(engine.loop().run_here([&] { return engine.engine().hub().newest(AuctionId{1}); }), nullptr);
}

TEST_F(FeedContract, AnUnknownAuctionIsRefused) {
  RecordingWatcher watcher;
  watch(watcher, WatchMode::every);
  EXPECT_THAT(watcher.refused, ElementsAre(Failure::not_found));
  EXPECT_EQ(engine.engine().hub().subscriptions(), 0U);
}

TEST_F(FeedContract, AWatcherMayLeaveWhileItIsTold) {
  engine.create(open_terms());
  RecordingWatcher leaving;
  RecordingWatcher staying;
  leaving.leave_after = 1;
  leaving.leave = [&] { engine.engine().hub().unsubscribe(leaving, AuctionId{1}); };
  watch(leaving, WatchMode::every);
  watch(staying, WatchMode::every);
  engine.bid(AuctionId{1}, "a", 10'000);
  engine.bid(AuctionId{1}, "a", 10'100);
  EXPECT_THAT(seen(leaving), ElementsAre(3));
  EXPECT_THAT(seen(staying), ElementsAre(3, 4));
  unwatch(staying);
}

TEST_F(FeedContract, SubscribingAgainReplaces) {
  engine.create(open_terms());
  RecordingWatcher watcher;
  watch(watcher, WatchMode::every);
  watch(watcher, WatchMode::every);
  EXPECT_EQ(watcher.snapshots.size(), 2U);
  EXPECT_EQ(engine.read(AuctionId{1})->watchers, 1U);
  unwatch(watcher);
}

// Watchers that come and go on both loops while three threads bid: each sees every event from where it came in.
TEST_F(FeedContract, WatchersThatComeAndGoUnderLoadSeeNoGap) {
  engine.create(open_terms());
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> amount{10'000};
  std::vector<std::thread> bidders;
  for (std::size_t i = 0; i < 3; ++i) {
    bidders.emplace_back([&, i] {
      while (!stop) {
        engine.bid_later(EngineUnderTest::request(AuctionId{1}, "b" + std::to_string(i), amount.fetch_add(100)), i % 2)
            .get();
      }
    });
  }
  std::size_t told = 0;
  for (int round = 0; round < 100; ++round) {
    const std::size_t loop = static_cast<std::size_t>(round) % loops;
    RecordingWatcher watcher;
    watch(watcher, WatchMode::every, std::nullopt, loop);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    unwatch(watcher, loop);
    ASSERT_EQ(watcher.snapshots.size(), 1U);
    ASSERT_TRUE(watcher.gapless) << "round " << round;
    told += watcher.sequences.size();
    RecordingWatcher again;
    again.last = watcher.last;
    watch(again, WatchMode::every, ResumePoint{Epoch{1}, Sequence{watcher.last}}, 1 - loop);
    unwatch(again, 1 - loop);
    ASSERT_TRUE(again.gapless) << "resumed in round " << round;
  }
  stop = true;
  for (auto& bidder : bidders) bidder.join();
  EXPECT_GT(told, 0U);
}

}  // namespace
}  // namespace flashbid::test
