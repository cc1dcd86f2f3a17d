// The relay from Redis to PostgreSQL, both live.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "archive/archive_reader.hpp"
#include "archive/verify.hpp"
#include "base/system_clock.hpp"
#include "relay/archive_sink.hpp"
#include "relay/relay.hpp"
#include "support/free_port.hpp"
#include "support/postgres_server.hpp"
#include "unit/relay/redis_shards.hpp"

namespace flashbid::testing {
namespace {

constexpr unsigned shard_count = 4;

class RelayOfRedis : public ::testing::Test {
 protected:
  RelayOfRedis() {
    for (std::uint64_t id = 1; id <= shard_count; ++id) shards_.create(id);
  }

  void bid(int rounds) {
    for (int round = 0; round < rounds; ++round) shards_.bid(static_cast<std::uint64_t>(round) % shard_count + 1);
  }
  static RelayOptions options(std::string owner) {
    RelayOptions made;
    made.owner = std::move(owner);
    made.shards = shard_count;
    made.batch = 3;
    made.lease = Duration{60};
    made.idle = Duration{1};
    made.longest_pause = Duration{40};
    made.only_worker = true;
    return made;
  }
  // Until nothing is left.
  Result<void> run(RelayOptions made, std::uint64_t keep_events = 100'000) {
    ArchiveSink sink(url_, "redis", shard_count);
    Relay relay(std::move(made), shards_.open(keep_events), sink, sink);
    relay.stop(Duration{30'000});
    return relay.run();
  }
  // Every event of every stream, byte for byte, and no more.
  void expect_equal() {
    ArchiveReader archive(url_);
    const auto verified = verify_archive(archive);
    ASSERT_TRUE(verified) << verified.error().detail;
    std::uint64_t events = 0;
    for (unsigned shard = 0; shard < shard_count; ++shard) {
      const std::vector<Record> written = shards_.stream(shard);
      const auto missing = archive.first_missing(written);
      ASSERT_TRUE(missing) << missing.error().detail;
      EXPECT_FALSE(*missing) << "shard " << shard;
      events += written.size();
    }
    EXPECT_EQ(verified->events, events);
  }
  std::uint64_t archived() {
    ArchiveReader archive(url_);
    const auto verified = verify_archive(archive);
    return verified ? verified->events : 0;
  }

  RedisShards shards_{shard_count};
  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
};

TEST_F(RelayOfRedis, DyingBetweenAnyTwoStepsLosesNothingAndDoublesNothing) {
  for (int life = 0; life < 24; ++life) {
    RelayOptions dying = options("life " + std::to_string(life));
    int left = life % 11 + 1;
    dying.after_step = [&left](RelayStep) -> Result<void> {
      if (--left > 0) return {};
      return fail(Failure::corrupt, "killed");
    };
    bid(3);
    std::ignore = run(std::move(dying));
  }
  ASSERT_TRUE(run(options("last")));
  expect_equal();
}

TEST_F(RelayOfRedis, RedisKilledBetweenAnyTwoStepsLosesNothingAndDoublesNothing) {
  bid(20);
  RelayOptions made = options("one");
  made.lease = Duration{20'000};
  int steps = 0;
  made.after_step = [&](RelayStep) -> Result<void> {
    if (++steps % 3 != 1 || steps > 24) return {};
    shards_.server.kill();
    shards_.server.restart();
    shards_.admit();
    bid(2);
    return {};
  };
  ASSERT_TRUE(run(std::move(made)));
  EXPECT_GT(steps, 24);
  expect_equal();
}

TEST_F(RelayOfRedis, TwoWorkersShareAndOneTakesOverFromTheOtherThatDied) {
  std::atomic<bool> die{false};
  RelayOptions mortal = options("mortal");
  mortal.only_worker = false;
  mortal.lease = Duration{500};  // both are to hold theirs at one moment, on a slow machine too
  mortal.after_step = [&die](RelayStep) -> Result<void> {
    if (!die) return {};
    return fail(Failure::corrupt, "killed");
  };
  RelayOptions other = options("other");
  other.only_worker = false;
  other.lease = mortal.lease;
  ArchiveSink first_sink(url_, "redis", shard_count);
  ArchiveSink second_sink(url_, "redis", shard_count);
  Relay first(std::move(mortal), shards_.open(), first_sink, first_sink);
  Relay second(std::move(other), shards_.open(), second_sink, second_sink);
  std::jthread one([&] { EXPECT_FALSE(first.run()); });
  std::jthread two([&] { EXPECT_TRUE(second.run()); });
  SystemClock clock;
  const auto wait_for = [&](const auto& holds, const char* what) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    // On every shard, so that whoever is to die has something to do.
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
      bid(shard_count);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    EXPECT_TRUE(holds()) << what;
  };
  wait_for([&] { return first.counters(clock.now()).shards == 2 && second.counters(clock.now()).shards == 2; },
           "each has its share");
  die = true;
  wait_for([&] { return second.counters(clock.now()).shards == shard_count; }, "the rest is taken over");
  first.stop();
  one.join();
  second.stop(Duration{20'000});
  two.join();
  expect_equal();
}

// A worker that stands still past its lease, with a batch in its hands, wakes up after another has stored it and more.
TEST_F(RelayOfRedis, AHolderThatWasPausedStoresNothing) {
  bid(20);
  std::promise<void> paused;
  std::promise<void> wake;
  auto woken = wake.get_future();
  std::atomic<int> stored_by_paused{0};
  bool has_paused = false;
  RelayOptions sleepy = options("sleepy");
  sleepy.after_step = [&](RelayStep step) -> Result<void> {
    if (step == RelayStep::stored) ++stored_by_paused;
    if (step != RelayStep::read || std::exchange(has_paused, true)) return {};
    paused.set_value();
    woken.wait();
    return {};
  };
  ArchiveSink sink(url_, "redis", shard_count);
  Relay relay(std::move(sleepy), shards_.open(), sink, sink);
  std::jthread thread([&] { EXPECT_TRUE(relay.run()); });
  paused.get_future().wait();
  std::this_thread::sleep_for(std::chrono::milliseconds{80});  // its leases are over
  ASSERT_TRUE(run(options("other")));
  const std::uint64_t before = archived();
  ASSERT_EQ(before, 2 * shard_count + 20);
  std::vector<std::string> groups;
  for (unsigned shard = 0; shard < shard_count; ++shard) {
    groups.push_back(shards_.of_group("last-delivered-id", "archive", shard));
  }
  wake.set_value();
  SystemClock clock;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (relay.counters(clock.now()).failures == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_GE(relay.counters(clock.now()).failures, 1U) << "its store is refused";
  EXPECT_FALSE(relay.counters(clock.now()).alarm);
  relay.stop(Duration{10'000});
  thread.join();
  EXPECT_EQ(stored_by_paused, 0) << "whatever it took over afterwards was stored already";
  for (unsigned shard = 0; shard < shard_count; ++shard) {
    EXPECT_EQ(shards_.of_group("last-delivered-id", "archive", shard), groups[shard]);
  }
  expect_equal();
}

// Puts the folder back as it was: a failover to a replica that lacked the tail.
class RelayAfterAFailover : public RelayOfRedis {
 protected:
  void keep() {
    std::filesystem::copy(shards_.server.folder(), kept_.path(), std::filesystem::copy_options::recursive);
  }
  void fall_back() {
    shards_.server.kill();
    shards_.server.wipe();
    std::filesystem::copy(kept_.path(), shards_.server.folder(), std::filesystem::copy_options::recursive);
    shards_.server.restart();
    shards_.admit();
  }
  TemporaryFolder kept_;
};

TEST_F(RelayAfterAFailover, ATailThatWasNotStoredIsGoneAndWhatFollowsIsStored) {
  bid(12);
  ASSERT_TRUE(run(options("one")));
  bid(4);
  keep();
  bid(8);
  fall_back();
  bid(5);
  ASSERT_TRUE(run(options("one")));
  EXPECT_EQ(archived(), 2 * shard_count + 12 + 4 + 5);
  expect_equal();
}

TEST_F(RelayAfterAFailover, ATailThatWasStoredAndIsNotPutBackIsAnAlarm) {
  bid(4);
  keep();
  bid(8);
  ASSERT_TRUE(run(options("one")));
  fall_back();
  bid(8);
  const auto ended = run(options("one"));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().failure, Failure::corrupt);
  EXPECT_EQ(archived(), 2 * shard_count + 12) << "and nothing of it is stored";
}

TEST_F(RelayOfRedis, UnderLoadItLetsGoOfWhatIsStored) {
  constexpr std::uint64_t keep = 100;
  RelayOptions made = options("one");
  made.batch = 500;
  constexpr int bids = 9'000;
  shards_.bid(1, bids);
  const unsigned shard = redis::shard_of(AuctionId{1}, shard_count);
  int told = 0;
  bool let_go_meanwhile = false;
  made.after_step = [&](RelayStep step) -> Result<void> {
    const bool there_is_more = step == RelayStep::told && ++told < bids / 500;
    let_go_meanwhile = let_go_meanwhile || (there_is_more && shards_.length(shard) < bids);
    return {};
  };
  ASSERT_TRUE(run(std::move(made), keep));
  EXPECT_TRUE(let_go_meanwhile);
  EXPECT_LT(shards_.length(shard), 5'000U);
  EXPECT_GE(shards_.length(shard), keep);
  EXPECT_EQ(archived(), 2 * shard_count + bids);
}

// Over its maxmemory Redis takes no bids, and nothing but the relay can make room again: also if it has never run
// there.
TEST_F(RelayOfRedis, AFullRedisIsDrained) {
  constexpr std::uint64_t keep = 100;
  constexpr int bids = 3'000;
  shards_.bid(1, bids);
  shards_.ask({"CONFIG", "SET", "maxmemory", "1mb"});
  ASSERT_THAT(shards_.call(1, "bid", {shards_.epoch(), "1", "Carol", "9000000", ""}).text,
              ::testing::StartsWith("OOM"));
  RelayOptions made = options("one");
  made.batch = 500;
  made.lease = Duration{20'000};
  ASSERT_TRUE(run(std::move(made), keep));
  EXPECT_EQ(archived(), 2 * shard_count + bids);
  EXPECT_LT(shards_.length(1), static_cast<std::uint64_t>(bids));
}

TEST_F(RelayOfRedis, OneShardThatWaitsDoesNotHoldUpTheOthers) {
  bid(8);
  shards_.ask({"HSET", redis::meta_key(0), "incarnation", "another"});
  ArchiveSink sink(url_, "redis", shard_count);
  Relay relay(options("one"), shards_.open(), sink, sink);
  std::jthread thread([&] { EXPECT_TRUE(relay.run()); });
  SystemClock clock;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (relay.counters(clock.now()).stored < 12 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  const RelayCounters counters = relay.counters(clock.now());
  EXPECT_EQ(counters.stored, 12U);
  EXPECT_TRUE(counters.failing);
  EXPECT_THAT(counters.last_error, ::testing::HasSubstr("shard 0 waits"));
  relay.stop();
}

TEST_F(RelayOfRedis, TheLagIsToldWhilePostgresqlWasNeverReached) {
  bid(8);
  const auto nowhere = ArchiveUrl::parse("postgres://nobody@127.0.0.1:" + std::to_string(free_port()) + "/none");
  ArchiveSink sink(*nowhere, "redis", shard_count);
  Relay relay(options("one"), shards_.open(), sink, sink);
  std::jthread thread([&] { EXPECT_TRUE(relay.run()); });
  SystemClock clock;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (relay.counters(clock.now()).lag_events == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  const RelayCounters counters = relay.counters(clock.now() + Duration{3'000});
  EXPECT_EQ(counters.lag_events, 2 * shard_count + 8);
  EXPECT_GE(counters.lag_seconds, 3.0);
  EXPECT_TRUE(counters.failing);
  bid(4);
  while (relay.counters(clock.now()).lag_events < 2 * shard_count + 12 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(relay.counters(clock.now()).lag_events, 2 * shard_count + 12) << "and it grows";
  relay.stop();
}

}  // namespace
}  // namespace flashbid::testing
