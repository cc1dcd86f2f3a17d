// The feed of a node over Redis: what watchers that come, and come back, cost Redis, and what they hear while it is
// away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "support/redis_connection.hpp"
#include "support/redis_engine_under_test.hpp"
#include "support/seen.hpp"

namespace flashbid::test {
namespace {

using ::testing::HasSubstr;

class RedisFeed : public ::testing::Test {
 protected:
  static constexpr AuctionId auction{1};

  void watch(Seen& seen, std::optional<ResumePoint> from = std::nullopt) {
    engine_.loop().run_here([&] { engine_.engine().hub().subscribe(seen, auction, WatchMode::every, from); });
  }
  void leave(Seen& seen) {
    engine_.loop().run_here([&] { engine_.engine().hub().unsubscribe(seen, auction); });
  }
  bool has_seen(Seen& seen, Sequence last) {
    return soon([&] { return engine_.loop().run_here([&] { return seen.last == last; }); });
  }
  // Comes back `times` times at once, each having seen `after`, and sees all up to `last`.
  void come_back(std::size_t times, Sequence after, Sequence last) {
    std::deque<Seen> back(times);
    engine_.loop().run_here([&] {
      for (Seen& seen : back) {
        seen.last = after;
        engine_.engine().hub().subscribe(seen, auction, WatchMode::every, ResumePoint{Epoch{1}, after});
      }
    });
    for (Seen& seen : back) {
      EXPECT_TRUE(has_seen(seen, last));
      EXPECT_TRUE(seen.gapless);
      EXPECT_EQ(seen.resets + seen.snapshots, 0);
      leave(seen);
    }
  }
  // How often Redis has been asked for what is only read.
  std::uint64_t reads() {
    const std::string stats = testing::RedisConnection(engine_.server.port()).ask({"INFO", "commandstats"}).text;
    const std::string name = "cmdstat_fcall_ro:calls=";
    const auto at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoull(stats.substr(at + name.size()));
  }
  void bid_up(int bids) {
    engine_.create(open_terms());
    for (int i = 0; i < bids; ++i) ASSERT_TRUE(engine_.bid(auction, "alice", 10'000 + i * 100));
  }

  RedisEngineUnderTest engine_;
};

TEST_F(RedisFeed, WhoMissedLittleOfAWatchedAuctionCostsRedisNothing) {
  engine_.create(open_terms());
  Seen seen;
  watch(seen);
  ASSERT_TRUE(has_seen(seen, Sequence{2}));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(engine_.bid(auction, "alice", 10'000 + i * 100));
  ASSERT_TRUE(has_seen(seen, Sequence{42}));
  const std::uint64_t before = reads();
  come_back(20, Sequence{5}, Sequence{42});
  come_back(20, Sequence{42}, Sequence{42});
  EXPECT_EQ(reads(), before);
  come_back(1, Sequence{1}, Sequence{42});
  EXPECT_EQ(reads(), before + 1) << "that came before it was watched";
  leave(seen);
}

// As after a node's restart: what the first one is shown serves the others.
TEST_F(RedisFeed, WhoComesBackTogetherIsLookedUpTogether) {
  bid_up(40);
  const std::uint64_t before = reads();
  come_back(50, Sequence{5}, Sequence{42});
  EXPECT_EQ(reads(), before + 1);
}

TEST_F(RedisFeed, WhoWantsToWatchWhileRedisIsAwayIsToldSo) {
  engine_.create(open_terms());
  engine_.server.kill();
  ASSERT_TRUE(soon([&] { return !engine_.engine().health().ready; }));
  Seen fresh;
  Seen back;
  watch(fresh);
  watch(back, ResumePoint{Epoch{1}, Sequence{1}});
  for (Seen* seen : {&fresh, &back}) {
    EXPECT_TRUE(soon([&] { return engine_.loop().run_here([&] { return !seen->refused.empty(); }); }));
  }
  engine_.server.restart();
  EXPECT_TRUE(soon([&] { return engine_.engine().health().ready; }));
  Seen seen;
  watch(seen);
  EXPECT_TRUE(has_seen(seen, Sequence{2}));
  leave(seen);
}

TEST_F(RedisFeed, ThatManyWaitIsBounded) {
  engine_.create(open_terms());
  engine_.server.kill();
  constexpr std::size_t most = 20'000;
  std::deque<Seen> all(most + 1);
  engine_.loop().run_here([&] {
    AuctionId id = auction;
    for (Seen& seen : all) {
      engine_.engine().hub().subscribe(seen, id, WatchMode::every, std::nullopt);
      id = AuctionId{id.value() + 4};  // of the same shard
    }
  });
  EXPECT_TRUE(soon([&] { return engine_.loop().run_here([&] { return !all.back().refused.empty(); }); }));
  EXPECT_THAT(all.back().refused, HasSubstr("too many wait to watch"));
  EXPECT_TRUE(soon([&] {
    return engine_.loop().run_here(
        [&] { return std::ranges::none_of(all, [](const Seen& seen) { return seen.refused.empty(); }); });
  })) << "they are not forgotten either";
}

}  // namespace
}  // namespace flashbid::test
