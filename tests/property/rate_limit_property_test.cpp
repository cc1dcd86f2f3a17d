// What holds of rate limits, whoever comes when: never above limit + burst in any window, never refused below the
// limit.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "access/gcra.hpp"
#include "access/local_rate_limiter.hpp"
#include "support/admission_windows.hpp"
#include "support/random.hpp"
#include "support/token_bucket.hpp"

namespace flashbid {
namespace {

using support::Random;
using testing::allowed_in_a_window;
using testing::most_in_a_window;
using testing::TokenBucket;

constexpr std::int64_t start_us = 1'000'000'000'000;

Rate any_rate() {
  const auto number = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 12), rc::gen::inRange<std::uint32_t>(1, 2'000));
  const auto period = rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 50), rc::gen::inRange<std::int64_t>(1, 100'000),
                                     rc::gen::element(second_us, minute_us));
  return {.limit = *number, .period_us = *period, .burst = *number};
}

Random any_random() { return Random(*rc::gen::arbitrary<std::uint64_t>()); }

// The next moment: at once, about one interval later, or after a silence.
std::int64_t later(Random& random, const Rate& rate, std::int64_t now_us) {
  const std::int64_t interval = rate.period_us / rate.limit + 1;
  switch (random.below(8)) {
    case 0:
      return now_us + random.between(0, 2 * rate.period_us);
    case 1:
    case 2:
      return now_us + random.between(std::max<std::int64_t>(0, interval - 2), interval + 1);
    case 3:
      return now_us + random.between(0, interval);
    case 4:
      return now_us + 1;
    default:
      return now_us;
  }
}

RC_GTEST_PROP(GcraProperty, NoWindowHasMoreThanLimitAndBurst, ()) {
  const Rate rate = any_rate();
  const Gcra gcra(rate);
  Random random = any_random();
  std::vector<std::int64_t> admitted;
  FineTime tat;
  std::int64_t now = start_us;
  for (int k = 0; k < 1'000; ++k) {
    now = later(random, rate, now);
    const auto decision = gcra.decide(tat, now);
    if (decision.admitted) admitted.push_back(now);
    tat = decision.tat;
  }
  RC_ASSERT(most_in_a_window(admitted, rate.period_us) <= allowed_in_a_window(rate));
}

// It says no exactly when the bucket is empty, and tells the first moment at which it is not.
RC_GTEST_PROP(GcraProperty, ItDecidesAsABucketOfTokens, ()) {
  const Rate rate = any_rate();
  const Gcra gcra(rate);
  Random random = any_random();
  TokenBucket bucket(rate);
  FineTime tat;
  std::int64_t now = start_us;
  for (int k = 0; k < 1'000; ++k) {
    now = later(random, rate, now);
    const auto decision = gcra.decide(tat, now);
    RC_ASSERT(decision.admitted == bucket.has_one(now));
    if (decision.admitted) {
      bucket.take();
    } else {
      RC_ASSERT(decision.tat == tat);
      RC_ASSERT(decision.retry_after_us >= 1);
      RC_ASSERT(!gcra.decide(tat, now + decision.retry_after_us - 1).admitted);
      RC_ASSERT(gcra.decide(tat, now + decision.retry_after_us).admitted);
    }
    tat = decision.tat;
  }
}

// As early as a clock of whole microseconds can say, with nothing in reserve: the interval's fractions do not get lost.
RC_GTEST_PROP(GcraProperty, WhoComesEvenlyAtTheLimitIsNeverRefused, ()) {
  Rate rate = any_rate();
  rate.period_us = std::max(rate.period_us, std::int64_t{rate.limit});
  rate.burst = *rc::gen::inRange<std::uint32_t>(2, 5);
  const Gcra gcra(rate);
  FineTime tat;
  for (std::uint32_t k = 1; k < rate.burst; ++k) tat = gcra.decide(tat, start_us).tat;
  for (std::int64_t k = 0; k < 1'000; ++k) {
    const auto decision = gcra.decide(tat, start_us + (k * rate.period_us + rate.limit - 1) / rate.limit);
    RC_ASSERT(decision.admitted);
    tat = decision.tat;
  }
}

RC_GTEST_PROP(GcraProperty, WhoLeavesAnIntervalBetweenEachTwoIsNeverRefused, ()) {
  const Rate rate = any_rate();
  const Gcra gcra(rate);
  Random random = any_random();
  FineTime tat;
  std::int64_t now = start_us;
  for (int k = 0; k < 1'000; ++k) {
    const auto decision = gcra.decide(tat, now);
    RC_ASSERT(decision.admitted);
    tat = decision.tat;
    now += (rate.period_us + rate.limit - 1) / rate.limit + (random.percent(30) ? random.between(0, 5) : 0);
  }
}

// The clock is set back again and again while real time goes on.
RC_GTEST_PROP(GcraProperty, AClockThatStepsBackNeverGivesMore, ()) {
  const Rate rate = any_rate();
  const Gcra gcra(rate);
  Random random = any_random();
  TokenBucket bucket(rate);
  std::vector<std::int64_t> admitted;
  FineTime tat;
  std::int64_t real = start_us;
  std::int64_t behind = 0;
  for (int k = 0; k < 1'000; ++k) {
    real = later(random, rate, real);
    if (random.percent(3)) behind += random.between(1, 3 * rate.period_us);
    const auto decision = gcra.decide(tat, real - behind);
    tat = decision.tat;
    if (!decision.admitted) continue;
    RC_ASSERT(bucket.has_one(real));
    bucket.take();
    admitted.push_back(real);
  }
  RC_ASSERT(most_in_a_window(admitted, rate.period_us) <= allowed_in_a_window(rate));
}

Claim claim_of(std::int64_t bidder, std::int64_t address, std::int64_t auction) {
  return {.bidder = parse_bidder_id("b" + std::to_string(bidder)).value(),
          .address = IpAddress::of(
              IpAddress::V4{10, 0, static_cast<std::uint8_t>(address / 256), static_cast<std::uint8_t>(address % 256)}),
          .auction = AuctionId{static_cast<std::uint64_t>(auction + 1)}};
}

// Fewer places than keys, a clock that jumps both ways: by the latest time that was seen, nobody gets more.
RC_GTEST_PROP(LocalRateLimiterProperty, NeitherManyKeysNorTheClockGiveMore, ()) {
  const Rate rate = any_rate();
  Random random = any_random();
  std::int64_t clock = start_us;
  LocalRateLimiter limiter({.bidder = rate, .address = std::nullopt, .auction = std::nullopt, .max_keys = 8},
                           [&clock] { return clock; });
  const std::int64_t keys = *rc::gen::element<std::int64_t>(9, 40, 400);
  std::map<std::int64_t, TokenBucket> buckets;
  std::map<std::int64_t, std::vector<std::int64_t>> admitted;
  std::int64_t latest = 0;
  for (int k = 0; k < 800; ++k) {
    clock = later(random, rate, clock);
    if (random.percent(1)) clock += random.between(-2 * rate.period_us, 2 * rate.period_us);
    latest = std::max(latest, clock);
    // Some come often, most do not.
    const std::int64_t key = random.percent(60) ? random.below(4) : random.below(keys);
    if (!limiter.decide(claim_of(key, 0, 0)).admitted()) continue;
    TokenBucket& bucket = buckets.try_emplace(key, rate).first->second;
    RC_ASSERT(bucket.has_one(latest));
    bucket.take();
    admitted[key].push_back(latest);
  }
  for (const auto& [key, moments] : admitted) {
    RC_ASSERT(most_in_a_window(moments, rate.period_us) <= allowed_in_a_window(rate));
  }
}

// With room for all: admitted if and only if all three buckets have a token, and only then one is taken from each.
RC_GTEST_PROP(LocalRateLimiterProperty, ItDecidesAsThreeBucketsOfTokens, ()) {
  const std::array<Rate, 3> rates{any_rate(), any_rate(), any_rate()};
  Random random = any_random();
  std::int64_t clock = start_us;
  LocalRateLimiter limiter({.bidder = rates[0], .address = rates[1], .auction = rates[2], .max_keys = 4'096},
                           [&clock] { return clock; });
  std::array<std::map<std::int64_t, TokenBucket>, 3> buckets;
  for (int k = 0; k < 500; ++k) {
    clock = later(random, rates.at(static_cast<std::size_t>(random.below(3))), clock);
    const std::array<std::int64_t, 3> keys{random.below(20), random.below(10), random.below(3)};
    std::array<TokenBucket*, 3> mine{};
    LimitedBy expected = LimitedBy::nothing;
    for (std::size_t i = 0; i < 3; ++i) {
      mine.at(i) = &buckets.at(i).try_emplace(keys.at(i), rates.at(i)).first->second;
      if (!mine.at(i)->has_one(clock) && expected == LimitedBy::nothing) expected = static_cast<LimitedBy>(i + 1);
    }
    const LimitDecision admission = limiter.decide(claim_of(keys[0], keys[1], keys[2]));
    RC_ASSERT(admission.by == expected);
    RC_ASSERT(admission.admitted() == (expected == LimitedBy::nothing));
    if (!admission.admitted()) continue;
    for (TokenBucket* bucket : mine) bucket->take();
  }
}

}  // namespace
}  // namespace flashbid
