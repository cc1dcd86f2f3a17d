#include "access/gcra.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

constexpr Rate three_a_second{.limit = 3, .period_us = second_us, .burst = 1};
constexpr Rate ten_a_second_by_five{.limit = 10, .period_us = second_us, .burst = 5};
constexpr std::int64_t start_us = 1'000'000'000;

TEST(Gcra, AdmitsTheBurstAtOnceAndThenOneEachInterval) {
  const Gcra gcra(ten_a_second_by_five);
  FineTime tat;
  for (unsigned k = 0; k < ten_a_second_by_five.burst; ++k) {
    const auto decision = gcra.decide(tat, start_us);
    ASSERT_TRUE(decision.admitted) << k;
    tat = decision.tat;
  }
  EXPECT_FALSE(gcra.decide(tat, start_us).admitted);
  EXPECT_FALSE(gcra.decide(tat, start_us + 99'999).admitted);
  const auto next = gcra.decide(tat, start_us + 100'000);
  EXPECT_TRUE(next.admitted);
  EXPECT_FALSE(gcra.decide(next.tat, start_us + 199'999).admitted);
  EXPECT_TRUE(gcra.decide(next.tat, start_us + 200'000).admitted);
}

TEST(Gcra, SaysToTheMicrosecondWhenTheNextIsAdmitted) {
  const Gcra gcra(three_a_second);
  const FineTime tat = gcra.decide({}, start_us).tat;
  EXPECT_EQ(tat, (FineTime{start_us + 333'333, 1}));
  const auto refused = gcra.decide(tat, start_us + 10);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.tat, tat);
  EXPECT_EQ(refused.retry_after_us, 333'324);  // a third of a microsecond later than 333 333
  EXPECT_FALSE(gcra.decide(tat, start_us + 333'333).admitted);
  EXPECT_TRUE(gcra.decide(tat, start_us + 333'334).admitted);
}

// Thirds of a second have no whole microseconds, and yet none gets lost.
TEST(Gcra, AnIntervalThatIsNotWholeIsExactInTheLongRun) {
  const Gcra gcra({.limit = 3, .period_us = second_us, .burst = 2});
  FineTime tat = gcra.decide({}, start_us).tat;  // no reserve from here on
  for (std::int64_t k = 0; k < 3'000; ++k) {
    const std::int64_t when = start_us + (k * second_us + 2) / 3;
    const auto decision = gcra.decide(tat, when);
    ASSERT_TRUE(decision.admitted) << k;
    tat = decision.tat;
    ASSERT_FALSE(gcra.decide(tat, when).admitted) << k;
  }
}

TEST(Gcra, ATatThatHasPassedSaysNothing) {
  const Gcra gcra(ten_a_second_by_five);
  EXPECT_EQ(gcra.decide({start_us, 0}, start_us).tat, gcra.decide({}, start_us).tat);
  EXPECT_EQ(gcra.decide({start_us - 5, 7}, start_us).tat, gcra.decide({}, start_us).tat);
}

TEST(Gcra, AClockThatRunsBackGivesNothingAndIsNotWaitedFor) {
  const Gcra gcra(ten_a_second_by_five);
  const FineTime tat = gcra.decide({}, start_us).tat;
  const auto refused = gcra.decide(tat, start_us - minute_us);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.tat, (FineTime{start_us - minute_us + 500'000, 0}));  // a whole burst used up
  EXPECT_EQ(refused.retry_after_us, 100'000);
  EXPECT_TRUE(gcra.decide(refused.tat, start_us - minute_us + 100'000).admitted);
}

TEST(Gcra, TheLargestRatesDoNotOverflow) {
  const Rate most{.limit = 1, .period_us = Rate::max_period_us, .burst = Rate::max_burst};
  const Gcra gcra(most);
  EXPECT_EQ(gcra.tolerance(), (FineTime{hour_us * (Rate::max_burst - 1), 0}));
  constexpr std::int64_t year_2200_us = 7'258'118'400 * second_us / 2;
  EXPECT_LT(2 * gcra.tolerance().us + year_2200_us, 2 * ((std::int64_t{1} << 53) - 1));
  EXPECT_TRUE(gcra.decide({}, year_2200_us).admitted);
  const Gcra fast({.limit = Rate::max_limit, .period_us = Rate::max_period_us - 1, .burst = Rate::max_burst});
  EXPECT_EQ(fast.interval(), (FineTime{3'599, 999'999}));
  EXPECT_EQ(fast.decide({start_us, 999'999}, start_us).tat, (FineTime{start_us + 3'600, 999'998}));
}

}  // namespace
}  // namespace flashbid
