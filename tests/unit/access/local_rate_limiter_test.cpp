#include "access/local_rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/admission_windows.hpp"
#include "support/thread_loop.hpp"

namespace flashbid {
namespace {

using testing::allowed_in_a_window;
using testing::Decided;
using testing::most_in_a_window;
using Verdict = LimitDecision::Verdict;

constexpr std::int64_t start_us = 5'000'000;

IpAddress at(std::string_view text) { return IpAddress::parse(text).value(); }
Claim claim(std::string_view bidder, std::string_view address, std::uint64_t auction) {
  return {.bidder = BidderId::from(bidder).value(), .address = at(address), .auction = AuctionId{auction}};
}

// A limiter on a clock that stands until the test moves it.
class LocalRateLimits : public ::testing::Test {
 protected:
  MicrosecondClock clock() {
    return [this] { return now_us_.load(); };
  }
  // How many of `count` are admitted now.
  int admitted(LocalRateLimiter& limiter, const Claim& claim, int count) {
    int sum = 0;
    for (int k = 0; k < count; ++k) sum += limiter.decide(claim).admitted() ? 1 : 0;
    return sum;
  }

  std::atomic<std::int64_t> now_us_{start_us};
};

constexpr Rate two_a_second{.limit = 2, .period_us = second_us, .burst = 3};
constexpr Rate five_a_second{.limit = 5, .period_us = second_us, .burst = 5};

TEST_F(LocalRateLimits, EachLimitHasItsOwnKeys) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = {}, .auction = {}}, clock());
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 1), 10), 3);
  EXPECT_EQ(admitted(limiter, claim("Bob", "192.0.2.1", 1), 10), 3);
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.2", 2), 10), 0);
  LocalRateLimiter by_auction({.bidder = {}, .address = {}, .auction = two_a_second}, clock());
  EXPECT_EQ(admitted(by_auction, claim("Alice", "192.0.2.1", 1), 10), 3);
  EXPECT_EQ(admitted(by_auction, claim("Bob", "192.0.2.2", 1), 10), 0);
  EXPECT_EQ(admitted(by_auction, claim("Alice", "192.0.2.1", 2), 10), 3);
}

TEST_F(LocalRateLimits, ARefusalSaysWhichLimitAndHowLong) {
  LocalRateLimiter limiter({.bidder = five_a_second, .address = {}, .auction = two_a_second}, clock());
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 1), 3), 3);
  const LimitDecision by_auction = limiter.decide(claim("Alice", "192.0.2.1", 1));
  EXPECT_EQ(by_auction.verdict, Verdict::refused);
  EXPECT_EQ(by_auction.by, LimitedBy::auction);
  EXPECT_EQ(by_auction.retry_after_us, 500'000);
  EXPECT_EQ(by_auction.retry_after_s(), 1);
  EXPECT_EQ(by_auction.detail(), "too many requests about this auction; the next one is taken in 0.500 s");
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 2), 2), 2);
  const LimitDecision by_bidder = limiter.decide(claim("Alice", "192.0.2.1", 2));
  EXPECT_EQ(by_bidder.by, LimitedBy::bidder);
  EXPECT_EQ(by_bidder.retry_after_us, 200'000);
  now_us_ += 199'999;
  EXPECT_FALSE(limiter.decide(claim("Alice", "192.0.2.1", 3)).admitted());
  now_us_ += 1;
  EXPECT_TRUE(limiter.decide(claim("Alice", "192.0.2.1", 3)).admitted());
}

TEST_F(LocalRateLimits, WhatOneLimitRefusesUsesUpNoOther) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = five_a_second, .auction = five_a_second}, clock());
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 1), 100), 3);
  EXPECT_EQ(admitted(limiter, claim("Bob", "192.0.2.1", 2), 100), 2);    // what the address has left
  EXPECT_EQ(admitted(limiter, claim("Carol", "192.0.2.2", 1), 100), 2);  // what the auction has left
  EXPECT_EQ(admitted(limiter, claim("Dave", "192.0.2.3", 1), 100), 0);
  EXPECT_EQ(admitted(limiter, claim("Dave", "192.0.2.3", 3), 100), 3);  // untouched by the hundred before
}

TEST_F(LocalRateLimits, OperatorsAreExemptUnlessSetOtherwise) {
  Claim operators = claim("root", "192.0.2.1", 1);
  operators.is_operator = true;
  LocalRateLimiter limiter({.bidder = two_a_second, .address = two_a_second, .auction = two_a_second}, clock());
  EXPECT_EQ(admitted(limiter, operators, 100), 100);
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 1), 100), 3);  // nothing of it was used up
  LocalRateLimiter strict({.bidder = two_a_second, .address = {}, .auction = {}, .operators_exempt = false}, clock());
  EXPECT_EQ(admitted(strict, operators, 100), 3);
}

TEST_F(LocalRateLimits, WhoIsNotKnownIsLimitedByAddress) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = five_a_second, .auction = two_a_second}, clock());
  EXPECT_EQ(admitted(limiter, claim("", "192.0.2.1", 0), 100), 5);
  EXPECT_EQ(admitted(limiter, claim("", "192.0.2.2", 0), 100), 5);
}

TEST_F(LocalRateLimits, Ipv6IsLimitedByItsNetwork) {
  LocalRateLimiter limiter({.bidder = {}, .address = two_a_second, .auction = {}}, clock());
  EXPECT_EQ(admitted(limiter, claim("Alice", "2001:db8::1", 1), 2), 2);
  EXPECT_EQ(admitted(limiter, claim("Bob", "2001:db8::2", 1), 100), 1);
  EXPECT_EQ(admitted(limiter, claim("Carol", "2001:db8:0:1::1", 1), 100), 3);
  EXPECT_EQ(admitted(limiter, claim("Carol", "::1", 1), 100), 3);  // the first place's key while nobody has it
  EXPECT_EQ(admitted(limiter, claim("Carol", "::2", 1), 100), 0);
}

TEST_F(LocalRateLimits, OffIsOff) {
  LocalRateLimiter limiter({.bidder = {}, .address = {}, .auction = {}}, clock());
  EXPECT_FALSE(limiter.limits(claim("Alice", "192.0.2.1", 1)));
  EXPECT_EQ(admitted(limiter, claim("Alice", "192.0.2.1", 1), 10'000), 10'000);
}

TEST_F(LocalRateLimits, AskingAnswersOnTheLoop) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = {}, .auction = {}}, clock());
  test::ThreadLoop loop;
  int answers = 0;
  bool at_once = false;
  loop.run_here([&] {
    limiter.admit(claim("Alice", "192.0.2.1", 1), loop, [&](const LimitDecision& told) {
      answers += told.admitted() && loop.here() ? 1 : 0;
      at_once = true;
    });
    EXPECT_TRUE(at_once);
    limiter.ask(claim("Alice", "192.0.2.1", 1), loop,
                [&](const LimitDecision& told) { answers += told.admitted() && loop.here() ? 1 : 0; });
  });
  loop.stop();
  EXPECT_EQ(answers, 2);
}

// Each hog has its burst used up: more hogs than there are places.
TEST_F(LocalRateLimits, AFloodOfKeysGivesNobodyMore) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = {}, .auction = {}, .max_keys = 64}, clock());
  const auto hog = [](int k) { return claim("hog" + std::to_string(k), "192.0.2.1", 1); };
  std::vector<int> had(1'000);
  for (int round = 0; round < 10; ++round) {
    for (int k = 0; k < 1'000; ++k) had[static_cast<std::size_t>(k)] += admitted(limiter, hog(k), 5);
  }
  EXPECT_LE(*std::ranges::max_element(had), 3);
  EXPECT_EQ(had.front(), 3);
  // Time mends it.
  now_us_ += 1'500'000;
  EXPECT_EQ(admitted(limiter, hog(999), 5), 3);
}

// Eight places: seven hogs and one who came once. A ninth takes the place of that one, not of a hog; whoever is new
// from then on has used up as much as he had.
TEST_F(LocalRateLimits, WhoIsIdleSoonestMakesRoom) {
  LocalRateLimiter limiter({.bidder = two_a_second, .address = {}, .auction = {}, .max_keys = 8}, clock());
  EXPECT_EQ(admitted(limiter, claim("modest", "192.0.2.1", 1), 1), 1);
  const auto hog = [](int k) { return claim("hog" + std::to_string(k), "192.0.2.1", 1); };
  for (int k = 0; k < 7; ++k) EXPECT_EQ(admitted(limiter, hog(k), 5), 3);
  EXPECT_EQ(admitted(limiter, claim("newcomer", "192.0.2.1", 1), 5), 3);
  EXPECT_EQ(admitted(limiter, claim("modest", "192.0.2.1", 1), 5), 2);
  now_us_ += 500'000;
  for (int k = 0; k < 7; ++k) EXPECT_EQ(admitted(limiter, hog(k), 5), 1);
}

// A flood of addresses that come once each: the places of those are free again after an interval.
TEST_F(LocalRateLimits, AFloodOfKeysHardlyTouchesTheOthers) {
  LocalRateLimiter limiter({.bidder = {}, .address = two_a_second, .auction = {}, .max_keys = 64}, clock());
  for (std::uint8_t high = 0; high < 40; ++high) {
    for (unsigned low = 0; low < 250; ++low) {
      (void)limiter.decide({.bidder = {},
                            .address = IpAddress::of(IpAddress::V4{10, 0, high, static_cast<std::uint8_t>(low)}),
                            .auction = {}});
    }
    // By then one interval has passed since those of the round before.
    now_us_ += 500'000;
    EXPECT_TRUE(limiter.decide(claim("", "192.0.2.1", 0)).admitted()) << int{high};
  }
}

TEST_F(LocalRateLimits, ThreadsTogetherGetTheBurstOnce) {
  constexpr Rate rate{.limit = 100, .period_us = second_us, .burst = 500};
  LocalRateLimiter limiter({.bidder = rate, .address = rate, .auction = rate}, clock());
  for (const int expected : {500, 100, 50, 500}) {
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k) {
      threads.emplace_back([&] { sum += admitted(limiter, claim("Alice", "192.0.2.1", 1), 400); });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(sum, expected);
    now_us_ += expected == 500 ? second_us : expected == 100 ? second_us / 2 : 60 * second_us;
  }
}

// On the real clock, several threads, several keys: each window is looked at afterwards.
TEST(LocalRateLimiter, NoWindowHasMoreThanLimitAndBurst) {
  constexpr Rate rate{.limit = 40, .period_us = second_us / 20, .burst = 7};
  LocalRateLimiter limiter({.bidder = rate, .address = {}, .auction = {}, .max_keys = 8});
  constexpr std::size_t keys = 12;
  std::vector<std::vector<std::vector<Decided>>> admitted(4, std::vector<std::vector<Decided>>(keys));
  std::vector<std::thread> threads;
  for (auto& mine : admitted) {
    threads.emplace_back([&limiter, &mine, begin = steady_us()] {
      for (std::size_t k = 0; steady_us() - begin < 400'000; ++k) {
        const Claim claim{
            .bidder = BidderId::from("b" + std::to_string(k % keys)).value(), .address = {}, .auction = {}};
        const std::int64_t first_us = steady_us();
        if (limiter.decide(claim).admitted()) mine[k % keys].push_back({first_us, steady_us()});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t key = 0; key < keys; ++key) {
    std::vector<Decided> all;
    for (const auto& mine : admitted) all.insert(all.end(), mine[key].begin(), mine[key].end());
    EXPECT_FALSE(all.empty());
    EXPECT_LE(most_in_a_window(all, rate.period_us), allowed_in_a_window(rate)) << key;
  }
}

TEST_F(LocalRateLimits, FailedAuthenticationsAreCountedByAddress) {
  FailedAuthentications failed(FailedAuthentications::default_rate, 64, clock());
  for (int k = 0; k < 50; ++k) ASSERT_TRUE(failed.count(at("192.0.2.1")).admitted()) << k;
  const LimitDecision refused = failed.count(at("192.0.2.1"));
  EXPECT_EQ(refused.verdict, Verdict::refused);
  EXPECT_EQ(refused.by, LimitedBy::failed_authentications);
  EXPECT_EQ(refused.retry_after_us, 20'000);
  EXPECT_TRUE(failed.count(at("192.0.2.2")).admitted());
  for (unsigned k = 0; k < 50; ++k) (void)failed.count(at("2001:db8::1"));
  EXPECT_FALSE(failed.count(at("2001:db8::2")).admitted());
  // Evenly below 50/s it stays 401 for ever.
  for (int k = 0; k < 1'000; ++k) {
    now_us_ += 20'000;
    ASSERT_TRUE(failed.count(at("192.0.2.1")).admitted()) << k;
  }
  FailedAuthentications off(std::nullopt, 64, clock());
  for (int k = 0; k < 1'000; ++k) ASSERT_TRUE(off.count(at("192.0.2.1")).admitted());
}

TEST(LimitDecision, RetryAfterIsInWholeSecondsAndAtLeastOne) {
  const auto seconds = [](std::int64_t us) {
    return LimitDecision{.verdict = Verdict::refused, .by = LimitedBy::bidder, .retry_after_us = us}.retry_after_s();
  };
  EXPECT_EQ(seconds(1), 1);
  EXPECT_EQ(seconds(second_us), 1);
  EXPECT_EQ(seconds(second_us + 1), 2);
  EXPECT_EQ(seconds(hour_us), 3'600);
}

}  // namespace
}  // namespace flashbid
