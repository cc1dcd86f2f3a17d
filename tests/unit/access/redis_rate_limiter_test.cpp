// Three nodes on one Redis, and on a cluster, whose clock stands until the test moves it: what is admitted is known
// exactly. Then the same on clocks that run, where every window is looked at.
#include "access/redis/redis_rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <mutex>

#include "access/redis/rate_library.hpp"
#include "rate_nodes.hpp"
#include "redis/keys.hpp"
#include "support/admission_windows.hpp"
#include "support/redis_engine_under_test.hpp"

namespace flashbid {
namespace {

using test::OneRedis;
using test::SharedCluster;
using testing::allowed_in_a_window;
using testing::Decided;
using testing::expect_ends;
using ::testing::HasSubstr;
using testing::most_in_a_window;
using testing::RateNode;
using testing::RedisConnection;
using testing::ThreeNodes;
using Verdict = LimitDecision::Verdict;

constexpr Rate ten_a_second{.limit = 10, .period_us = second_us, .burst = 25};
constexpr Rate many{.limit = 1'000, .period_us = second_us, .burst = 1'000};

Claim claim(std::string_view bidder, std::string_view address = "192.0.2.1", std::uint64_t auction = 1) {
  return {.bidder = parse_bidder_id(bidder).value(),
          .address = IpAddress::parse(address).value(),
          .auction = AuctionId{auction}};
}

// The ports of all servers that hold keys of their own.
std::vector<int> primaries(OneRedis& redis) { return {redis.server.port()}; }
std::vector<int> primaries(SharedCluster&) {
  std::vector<int> ports;
  auto& cluster = *SharedCluster::shared().cluster;
  for (std::size_t k = 0; k < testing::RedisCluster::size; ++k) {
    if (cluster.is_primary(k)) ports.push_back(cluster.node(k).port());
  }
  return ports;
}

template <class Redis>
class RedisRateLimits : public ::testing::Test {
 protected:
  void advance(Duration by) {
    redis_.clock.advance(by);
    now_us_ += by.ms * 1'000;
  }
  MicrosecondClock clock() {
    return [this] { return now_us_.load(); };
  }
  ThreeNodes nodes(const RateLimits& limits) { return ThreeNodes(redis_.url(), limits, clock()); }
  std::size_t keys() {
    std::size_t sum = 0;
    for (const int port : primaries(redis_)) sum += expect_ends(port);
    return sum;
  }

  Redis redis_;
  std::atomic<std::int64_t> now_us_{1'000'000'000};
};
using Kinds = ::testing::Types<OneRedis, SharedCluster>;
struct KindNames {
  template <class Redis>
  static std::string GetName(int) {
    return std::is_same_v<Redis, OneRedis> ? "OneRedis" : "SharedCluster";
  }
};
TYPED_TEST_SUITE(RedisRateLimits, Kinds, KindNames);

TYPED_TEST(RedisRateLimits, AllNodesTogetherGetTheBurstOnceAndThenTheLimit) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = {}, .auction = {}});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 25);
  EXPECT_EQ(this->keys(), 1U);
  EXPECT_EQ(nodes.hammer(claim("Alice")), 0);
  EXPECT_EQ(nodes.hammer(claim("Bob")), 25);
  EXPECT_EQ(this->keys(), 2U);
  this->advance({1'000});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 10);
  this->advance({99});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 0);
  this->advance({1});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 1);
  EXPECT_EQ(this->keys(), 2U);
}

// The key is gone 2.5 s after a whole burst, to the millisecond when it says nothing any more.
TYPED_TEST(RedisRateLimits, AKeyThatExpiresGivesNothing) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = {}, .auction = {}});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 25);
  for (int k = 0; k < 3; ++k) {
    this->advance({2'499});
    EXPECT_EQ(this->keys(), 1U);
    EXPECT_EQ(nodes.hammer(claim("Alice")), 24);
    this->advance({2'401});
    EXPECT_EQ(nodes.hammer(claim("Alice")), 25);
  }
  this->advance({2'502});
  EXPECT_EQ(this->keys(), 0U);
  EXPECT_EQ(nodes.hammer(claim("Alice")), 25);
}

// Arrivals as even as the limit, now here, now there: never refused, also across the key's end.
TYPED_TEST(RedisRateLimits, WhoComesEvenlyAtTheLimitIsNeverRefused) {
  constexpr Rate rate{.limit = 3, .period_us = second_us, .burst = 2};
  ThreeNodes nodes = this->nodes({.bidder = rate, .address = {}, .auction = {}});
  ASSERT_TRUE(nodes[0].admit(claim("Alice")).admitted());  // no reserve from here on
  std::int64_t told_ms = 0;
  for (std::int64_t k = 0; k < 300; ++k) {
    const std::int64_t due_ms = (k * 1'000 + 2) / 3;
    this->advance({due_ms - told_ms});
    told_ms = due_ms;
    ASSERT_TRUE(nodes[static_cast<std::size_t>(k % 3)].admit(claim("Alice")).admitted()) << k;
    ASSERT_FALSE(nodes[static_cast<std::size_t>((k + 1) % 3)].admit(claim("Alice")).admitted()) << k;
  }
}

TYPED_TEST(RedisRateLimits, ARefusalSaysWhichLimitAndHowLong) {
  ThreeNodes nodes = this->nodes({.bidder = many, .address = ten_a_second, .auction = many});
  EXPECT_EQ(nodes[0].admitted(claim("Alice"), 25), 25);
  // Node 1 has not seen any of these: Redis says it.
  const LimitDecision refused = nodes[1].admit(claim("Bob"));
  EXPECT_EQ(refused.verdict, Verdict::refused);
  EXPECT_EQ(refused.by, LimitedBy::address);
  EXPECT_EQ(refused.retry_after_us, 100'000);
  EXPECT_EQ(nodes[1].admit(claim("Bob", "2001:db8::1")).verdict, Verdict::admitted);
  this->advance({99});
  EXPECT_EQ(nodes[1].admit(claim("Bob")).retry_after_us, 1'000);
  this->advance({1});
  EXPECT_TRUE(nodes[2].admit(claim("Carol")).admitted());
}

TYPED_TEST(RedisRateLimits, AClockThatStepsBackNeverGivesMore) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = {}, .auction = {}});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 25);
  for (int k = 0; k < 5; ++k) {
    // The nodes' own clocks go on, so that Redis is asked.
    for (const std::int64_t step_ms : {-60'000, 60'000}) {
      this->redis_.clock.advance({step_ms});
      this->now_us_ += 60'000'000;
      EXPECT_EQ(nodes.hammer(claim("Alice")), 0);
    }
  }
  this->advance({200});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 2);
}

// A server that takes over and whose clock is behind: it knows nothing of the later time, and neither gives more nor
// keeps everybody waiting until its clock has come so far.
TYPED_TEST(RedisRateLimits, AnotherServerWhoseClockIsBehindGoesOn) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = {}, .auction = {}});
  EXPECT_EQ(nodes[0].admitted(claim("Alice"), 5), 5);
  for (const int port : primaries(this->redis_)) RedisConnection(port).ask({"FUNCTION", "FLUSH"});
  this->redis_.clock.advance({-3'600'000});
  this->now_us_ += 60'000'000;
  EXPECT_EQ(nodes.hammer(claim("Alice")), 0);
  this->advance({100});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 1);
  this->advance({1'000});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 10);
  EXPECT_EQ(this->keys(), 1U);
}

TYPED_TEST(RedisRateLimits, ALibraryThatIsLostIsLoadedAgain) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = many, .auction = many});
  EXPECT_EQ(nodes[0].admitted(claim("Alice"), 10), 10);
  for (const int port : primaries(this->redis_)) RedisConnection(port).ask({"FUNCTION", "FLUSH"});
  EXPECT_EQ(nodes.hammer(claim("Alice")), 15);
}

TYPED_TEST(RedisRateLimits, ANodeRefusesByItselfWhatItKnowsIsTooMuch) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = {}, .auction = {}});
  EXPECT_EQ(nodes[0].admitted(claim("Alice"), 25), 25);
  EXPECT_EQ(nodes[0].limiter().admit_at_once(claim("Alice"))->verdict, Verdict::refused);
  // The others have to ask.
  EXPECT_EQ(nodes[1].limiter().admit_at_once(claim("Alice")), std::nullopt);
}

TYPED_TEST(RedisRateLimits, WhatIsNotLimitedIsNotAsked) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = ten_a_second, .auction = ten_a_second});
  Claim of_operator = claim("root");
  of_operator.is_operator = true;
  EXPECT_EQ(nodes.hammer(of_operator), 360);
  EXPECT_EQ(this->keys(), 0U);
  ThreeNodes off = this->nodes({.bidder = {}, .address = {}, .auction = {}});
  EXPECT_EQ(off.hammer(claim("Alice")), 360);
  EXPECT_EQ(this->keys(), 0U);
}

// Names that look like other keys' are keys of their own, and none gets out of its braces.
TYPED_TEST(RedisRateLimits, EveryNameIsAKeyOfItsOwn) {
  ThreeNodes nodes = this->nodes({.bidder = ten_a_second, .address = ten_a_second, .auction = ten_a_second});
  const std::array<Claim, 4> claims{claim("a:192.0.2.1", "198.51.100.1", 11), claim("192.0.2.1", "192.0.2.1", 12),
                                    claim("l:11", "198.51.100.2", 13), claim("b:Alice", "2001:db8::1", 14)};
  for (const Claim& each : claims) EXPECT_EQ(nodes.hammer(each), 25);
  EXPECT_EQ(this->keys(), 12U);
}

TEST(RateKeys, HaveOneFormEach) {
  EXPECT_EQ(rate_key(parse_bidder_id("a.B_c:9@x-").value()), "flashbid:rate:{b:a.B_c:9@x-}");
  EXPECT_EQ(rate_key(IpAddress::parse("::ffff:192.0.2.1").value()), "flashbid:rate:{a:192.0.2.1}");
  EXPECT_EQ(rate_key(IpAddress::parse("2001:DB8:0:0:1::1").value()), "flashbid:rate:{a:2001:db8::/64}");
  EXPECT_EQ(rate_key(AuctionId{17}), "flashbid:rate:{l:17}");
  for (const char* hostile : {"}", "{", "a}b", "a b", "a\r\nFLUSHALL", "", "\xc3\xa4"}) {
    EXPECT_FALSE(parse_bidder_id(hostile)) << hostile;
  }
}

// On one Redis a refusal uses up nothing, in whatever order the limits stand.
TEST(RedisRateLimiter, OnOneRedisARefusalUsesUpNothing) {
  OneRedis redis;
  std::atomic<std::int64_t> now_us{1'000'000'000};
  const RateLimits limits{.bidder = many, .address = many, .auction = ten_a_second};
  ThreeNodes nodes(redis.url(), limits, [&] { return now_us.load(); });
  EXPECT_EQ(nodes[0].admitted(claim("Alice"), 25), 25);
  EXPECT_EQ(nodes[1].admitted(claim("Bob", "192.0.2.2"), 20), 0);
  EXPECT_EQ(RedisConnection(redis.server.port()).ask({"KEYS", "*Bob*"}).items.size(), 0U);
  EXPECT_EQ(RedisConnection(redis.server.port()).ask({"KEYS", "*192.0.2.2*"}).items.size(), 0U);
}

// In a cluster the limits are asked in turn: one that refuses has used up those before it, and none behind it.
TEST(RedisRateLimiter, OnASharedClusterARefusalMayHaveUsedUpThoseBefore) {
  SharedCluster redis;
  std::atomic<std::int64_t> now_us{1'000'000'000};
  const auto state = [](const std::string& key) {
    auto& cluster = *SharedCluster::shared().cluster;
    return RedisConnection(cluster.node(cluster.primary_of(key)).port()).ask({"GET", key});
  };
  const RateLimits limits{.bidder = many, .address = ten_a_second, .auction = many};
  ThreeNodes nodes(redis.url(), limits, [&] { return now_us.load(); });
  EXPECT_EQ(nodes[0].admitted(claim("Alice", "192.0.2.1", 1), 25), 25);
  EXPECT_EQ(nodes[1].admit(claim("Bob", "192.0.2.1", 2)).by, LimitedBy::address);
  EXPECT_FALSE(state("flashbid:rate:{b:Bob}").null);
  EXPECT_TRUE(state("flashbid:rate:{l:2}").null);
}

TEST(RedisRateLimiter, WhileRedisIsAwayTheAnswerIsUnavailable) {
  OneRedis redis;
  RateNode node(redis.url(), {.bidder = many, .address = {}, .auction = {}}, steady_us);
  EXPECT_TRUE(node.admit(claim("Alice")).admitted());
  redis.server.kill();
  const LimitDecision away = node.admit(claim("Alice"));
  EXPECT_EQ(away.verdict, Verdict::unavailable);
  EXPECT_THAT(away.detail(), HasSubstr("Redis, which counts for the rate limits, does not answer"));
  redis.server.restart();
  EXPECT_TRUE(testing::RedisCluster::soon([&] { return node.admit(claim("Alice")).admitted(); }));
}

TEST(RedisRateLimiter, ARedisThatWasAwayAtTheStartIsFound) {
  OneRedis redis;
  redis.server.stop();
  RateNode node(redis.url(), {.bidder = many, .address = {}, .auction = {}}, steady_us);
  EXPECT_EQ(node.admit(claim("Alice")).verdict, Verdict::unavailable);
  redis.server.restart();
  EXPECT_TRUE(testing::RedisCluster::soon([&] { return node.admit(claim("Alice")).admitted(); }));
}

// Somebody else's value under our name, of another kind: nothing is admitted on it.
TEST(RedisRateLimiter, AForeignKeyIsNoAdmission) {
  OneRedis redis;
  RateNode node(redis.url(), {.bidder = ten_a_second, .address = {}, .auction = {}}, steady_us);
  RedisConnection(redis.server.port()).ask({"LPUSH", "flashbid:rate:{b:Alice}", "1"});
  EXPECT_EQ(node.admit(claim("Alice")).verdict, Verdict::unavailable);
  for (const char* text : {"", "x", "-1 0", "1", "1e300 0", "99999999999999999999 0", "99999999999999999999 7"}) {
    RedisConnection(redis.server.port()).ask({"SET", "flashbid:rate:{b:Alice}", text});
    const LimitDecision told = node.admit(claim("Alice"));
    EXPECT_EQ(told.verdict, Verdict::refused) << text;
    EXPECT_EQ(told.retry_after_us, 100'000) << text;
    EXPECT_EQ(expect_ends(redis.server.port()), 1U);
  }
}

TEST(RedisRateLimiter, WhatWaitsAtTheEndIsAnswered) {
  OneRedis redis;
  RateNode node(redis.url(), {.bidder = many, .address = {}, .auction = {}}, steady_us);
  EXPECT_TRUE(node.admit(claim("Alice")).admitted());
  redis.server.pause();
  std::promise<LimitDecision> told;
  auto answer = told.get_future();
  node.limiter().ask(claim("Alice"), node.loop(),
                     [&](LimitDecision admission) { told.set_value(std::move(admission)); });
  node.limiter().stop();
  EXPECT_EQ(answer.get().verdict, Verdict::unavailable);
  redis.server.resume();
}

// All threads of all nodes, as fast as they can, while the clock runs by which Redis counts, or one that runs alike: it
// is never before `at_least_us()` nor after `at_most_us()`.
template <class AtLeast, class AtMost>
void expect_windows(ThreeNodes& nodes, const Rate& rate, std::int64_t length_us, AtLeast at_least_us,
                    AtMost at_most_us) {
  constexpr std::size_t bidders = 3;
  constexpr std::size_t rounds = 60;  // more than the burst of each bidder, however slow this machine is
  std::mutex mutex;
  std::array<std::vector<Decided>, bidders> admitted;
  const std::int64_t end_us = at_least_us() + length_us;
  nodes.in_parallel([&](RateNode& node) {
    for (std::size_t k = 0; k < rounds || at_least_us() < end_us; ++k) {
      const Claim mine = claim("b" + std::to_string(k % bidders));
      const std::int64_t first_us = at_least_us();
      if (!node.admit(mine).admitted()) continue;
      const std::scoped_lock lock(mutex);
      admitted.at(k % bidders).push_back({first_us, at_most_us()});
    }
  });
  for (const auto& each : admitted) {
    EXPECT_GE(each.size(), rate.burst);
    EXPECT_LE(most_in_a_window(each, rate.period_us), allowed_in_a_window(rate));
  }
}

// Short intervals: with a burst of one the key ends again and again in between.
class RunningClock : public ::testing::TestWithParam<Rate> {};
INSTANTIATE_TEST_SUITE_P(, RunningClock,
                         ::testing::Values(Rate{.limit = 200, .period_us = second_us, .burst = 1},
                                           Rate{.limit = 7, .period_us = second_us / 20, .burst = 3},
                                           Rate{.limit = 30, .period_us = second_us / 4, .burst = 20}));

TEST_P(RunningClock, NoWindowHasMoreThanLimitAndBurst) {
  const testing::RedisServer server({.appendonly = false, .appendfsync = "no", .more = {}});
  ThreeNodes nodes(server.url(), {.bidder = GetParam(), .address = {}, .auction = {}});
  expect_windows(nodes, GetParam(), 700'000, steady_us, steady_us);
  expect_ends(server.port());
}

TEST_P(RunningClock, NorOnASharedCluster) {
  SharedCluster redis;
  std::atomic<std::int64_t> before_us{redis.clock.now().ms * 1'000};
  std::atomic<std::int64_t> after_us{before_us.load()};
  const auto at_least_us = [&] { return before_us.load(); };
  ThreeNodes nodes(redis.url(), {.bidder = GetParam(), .address = {}, .auction = {}}, at_least_us);
  std::jthread passing([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
      after_us += 1'000;
      redis.clock.advance({1});
      before_us += 1'000;
    }
  });
  expect_windows(nodes, GetParam(), 500'000, at_least_us, [&] { return after_us.load(); });
  passing.request_stop();
  passing.join();
  for (const int port : primaries(redis)) expect_ends(port);
}

}  // namespace
}  // namespace flashbid
