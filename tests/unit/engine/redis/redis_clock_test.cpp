#include "engine/redis/redis_clock.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

constexpr Timestamp noon{1'800'000'000'000};
constexpr Duration hour{3'600'000};

// So that an auction that opens "now" opens at once, on whichever primary it is created.
TEST(RedisClock, IsAheadOfNoPrimary) {
  RedisClock clock;
  clock.told(0, noon);
  clock.told(1, noon + hour);
  clock.told(2, noon + hour);
  EXPECT_GE(clock.now(), noon);
  EXPECT_LT(clock.now(), noon + hour);
  clock.told(0, noon + hour + hour);
  EXPECT_GE(clock.now(), noon + hour);
  EXPECT_LT(clock.now(), noon + hour + hour);
}

TEST(RedisClock, NeverRunsBack) {
  RedisClock clock;
  clock.told(0, noon + hour);
  const Timestamp before = clock.now();
  clock.told(1, noon);
  EXPECT_GE(clock.now(), before);
}

}  // namespace
}  // namespace flashbid
