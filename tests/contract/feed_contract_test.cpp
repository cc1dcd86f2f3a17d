// What a watcher is promised (INV-3, INV-10), through the hubs of an engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "support/engine_under_test.hpp"
#include "support/redis_engine_under_test.hpp"

namespace flashbid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

template <class EngineType>
class FeedContract : public ::testing::Test {
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
  std::vector<std::uint64_t> seen(RecordingWatcher& watcher, std::size_t loop = 0) {
    engine.settle();
    return engine.loop(loop).run_here([&] { return watcher.sequences; });
  }

  static constexpr std::size_t loops = 2;
  EngineType engine{loops};
};
using Engines = ::testing::Types<EngineUnderTest, RedisEngineUnderTest, RedisClusterUnderTest>;
TYPED_TEST_SUITE(FeedContract, Engines);

TYPED_TEST(FeedContract, SnapshotThenEveryLaterEvent) {
  this->engine.create(open_terms());
  RecordingWatcher near;
  RecordingWatcher far;
  this->watch(near, WatchMode::every, std::nullopt, 1);  // the embedded engine has auction 1 on loop 1
  this->watch(far, WatchMode::every, std::nullopt, 0);
  ASSERT_EQ(near.snapshots.size(), 1U);
  EXPECT_FALSE(near.snapshots[0].reset);
  EXPECT_EQ(far.snapshots[0].view->auction.sequence, Sequence{2});
  this->engine.bid(AuctionId{1}, "a", 10'000);
  this->engine.bid(AuctionId{1}, "b", 10'000);
  this->engine.bid(AuctionId{1}, "b", 10'100);
  EXPECT_THAT(this->seen(near, 1), ElementsAre(3, 4));
  EXPECT_THAT(this->seen(far, 0), ElementsAre(3, 4));
  EXPECT_EQ(this->engine.read(AuctionId{1})->watchers, 2U);
  this->unwatch(near, 1);
  this->unwatch(far, 0);
  this->engine.settle();
  EXPECT_EQ(this->engine.read(AuctionId{1})->watchers, 0U);
  this->engine.bid(AuctionId{1}, "c", 10'200);
  EXPECT_THAT(this->seen(near, 1), ElementsAre(3, 4));
}

TYPED_TEST(FeedContract, ResumesFromMemoryFromHistoryAndResets) {
  this->engine.create(open_terms());
  for (int i = 0; i < 10; ++i) this->engine.bid(AuctionId{1}, "a", 10'000 + i * 100);
  const auto resumed = [&](ResumePoint from) {
    RecordingWatcher watcher;
    watcher.last = from.after.value();
    this->watch(watcher, WatchMode::every, from);
    this->unwatch(watcher);
    this->engine.settle();
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
    this->engine.await_moved();
    this->engine.restart();  // the second round reads history
  }
}

TYPED_TEST(FeedContract, AGapTooLongIsAReset) {
  this->engine.create(open_terms());
  std::vector<std::future<Result<BidAnswer>>> bids;
  for (int i = 0; i < 8'300; ++i) {
    bids.push_back(this->engine.bid_later(EngineCalls::request(AuctionId{1}, "a", 10'000 + i * 100)));
  }
  for (auto& bid : bids) ASSERT_TRUE(bid.get());
  this->engine.await_moved();
  this->engine.restart();
  RecordingWatcher watcher;
  this->watch(watcher, WatchMode::every, ResumePoint{Epoch{1}, Sequence{5}});
  ASSERT_EQ(watcher.snapshots.size(), 1U);
  EXPECT_TRUE(watcher.snapshots[0].reset);
  this->unwatch(watcher);
}

TYPED_TEST(FeedContract, LatestIsToldThatThereIsANewerState) {
  this->engine.create(open_terms());
  RecordingWatcher watcher;
  this->watch(watcher, WatchMode::latest, ResumePoint{Epoch{1}, Sequence{1}});
  EXPECT_EQ(watcher.snapshots.size(), 1U);
  this->engine.bid(AuctionId{1}, "a", 10'000);
  this->engine.settle();
  EXPECT_EQ(watcher.newer, 1);
  EXPECT_THAT(watcher.sequences, IsEmpty());
  const auto newest =
      this->engine.loop().run_here([&] { return this->engine.engine().hub().newest(AuctionId{1})->view; });
  EXPECT_EQ(newest->auction.sequence, Sequence{3});
  this->unwatch(watcher);
  EXPECT_EQ(this->engine.loop().run_here([&] { return this->engine.engine().hub().newest(AuctionId{1}); }), nullptr);
}

TYPED_TEST(FeedContract, AnUnknownAuctionIsRefused) {
  RecordingWatcher watcher;
  this->watch(watcher, WatchMode::every);
  EXPECT_THAT(watcher.refused, ElementsAre(Failure::not_found));
  EXPECT_EQ(this->engine.engine().hub().subscriptions(), 0U);
}

TYPED_TEST(FeedContract, AWatcherMayLeaveWhileItIsTold) {
  this->engine.create(open_terms());
  RecordingWatcher leaving;
  RecordingWatcher staying;
  leaving.leave_after = 1;
  leaving.leave = [&] { this->engine.engine().hub().unsubscribe(leaving, AuctionId{1}); };
  this->watch(leaving, WatchMode::every);
  this->watch(staying, WatchMode::every);
  this->engine.bid(AuctionId{1}, "a", 10'000);
  this->engine.bid(AuctionId{1}, "a", 10'100);
  EXPECT_THAT(this->seen(leaving), ElementsAre(3));
  EXPECT_THAT(this->seen(staying), ElementsAre(3, 4));
  this->unwatch(staying);
}

TYPED_TEST(FeedContract, SubscribingAgainReplaces) {
  this->engine.create(open_terms());
  RecordingWatcher watcher;
  this->watch(watcher, WatchMode::every);
  this->watch(watcher, WatchMode::every);
  EXPECT_EQ(watcher.snapshots.size(), 2U);
  EXPECT_EQ(this->engine.read(AuctionId{1})->watchers, 1U);
  this->unwatch(watcher);
}

// Watchers that come and go on both loops while three threads bid: each sees every event from where it came in.
TYPED_TEST(FeedContract, WatchersThatComeAndGoUnderLoadSeeNoGap) {
  this->engine.create(open_terms());
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> amount{10'000};
  std::vector<std::thread> bidders;
  for (std::size_t i = 0; i < 3; ++i) {
    bidders.emplace_back([&, i] {
      while (!stop) {
        this->engine
            .bid_later(EngineCalls::request(AuctionId{1}, "b" + std::to_string(i), amount.fetch_add(100)), i % 2)
            .get();
      }
    });
  }
  std::size_t told = 0;
  // A hundred rounds, or fewer on an engine that takes long over them.
  const auto long_enough = std::chrono::steady_clock::now() + std::chrono::seconds{8};
  for (int round = 0; round < 100 && (round < 10 || std::chrono::steady_clock::now() < long_enough); ++round) {
    const std::size_t loop = static_cast<std::size_t>(round) % this->loops;
    RecordingWatcher watcher;
    this->watch(watcher, WatchMode::every, std::nullopt, loop);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    this->unwatch(watcher, loop);
    ASSERT_EQ(watcher.snapshots.size(), 1U);
    ASSERT_TRUE(watcher.gapless) << "round " << round;
    told += watcher.sequences.size();
    RecordingWatcher again;
    again.last = watcher.last;
    this->watch(again, WatchMode::every, ResumePoint{Epoch{1}, Sequence{watcher.last}}, 1 - loop);
    this->unwatch(again, 1 - loop);
    ASSERT_TRUE(again.gapless) << "resumed in round " << round;
  }
  stop = true;
  for (auto& bidder : bidders) bidder.join();
  EXPECT_GT(told, 0U);
}

}  // namespace
}  // namespace flashbid::test
