// The offset to the server's clock: of the quickest answer, and of none from before a clock was set.
#include "client/server_clock.hpp"

#include <gtest/gtest.h>

#include "client/backoff.hpp"

namespace flashbid::client {
namespace {

Time at(std::int64_t ms) { return Time(Milliseconds(1'000'000 + ms)); }

TEST(ServerClock, KnowsNothingAtFirst) {
  const ServerClock clock;
  EXPECT_EQ(clock.offset(), Milliseconds(0));
  EXPECT_FALSE(clock.uncertainty());
}

TEST(ServerClock, TheQuickestAnswerCounts) {
  ServerClock clock;
  clock.measured(at(0), at(100), at(350));  // 300 ahead, give or take 50
  EXPECT_EQ(clock.offset(), Milliseconds(300));
  EXPECT_EQ(clock.uncertainty(), Milliseconds(51));
  clock.measured(at(1000), at(1010), at(1295));  // 290
  EXPECT_EQ(clock.offset(), Milliseconds(290));
  clock.measured(at(2000), at(2080), at(2350));  // 310, and slower
  EXPECT_EQ(clock.offset(), Milliseconds(290));
  EXPECT_EQ(clock.uncertainty(), Milliseconds(6));
}

TEST(ServerClock, AClockThatWasSetIsMeasuredAnew) {
  ServerClock clock;
  clock.measured(at(0), at(2), at(1));
  EXPECT_EQ(clock.offset(), Milliseconds(0));
  clock.measured(at(1000), at(1100), at(61'050));
  EXPECT_EQ(clock.offset(), Milliseconds(60'000));
}

TEST(ServerClock, OneThatRanBackMeanwhileTellsNothing) {
  ServerClock clock;
  clock.measured(at(100), at(0), at(50));
  EXPECT_FALSE(clock.uncertainty());
}

TEST(ServerClock, OldMeasurementsAreForgotten) {
  ServerClock clock;
  clock.measured(at(0), at(2), at(21));  // 20, the quickest
  for (int i = 1; i <= 8; ++i) clock.measured(at(i * 1000), at(i * 1000 + 10), at(i * 1000 + 5 + 30));
  EXPECT_EQ(clock.offset(), Milliseconds(30));
}

TEST(Backoff, DoublesUpToABoundAndStaysApart) {
  Backoff least([] { return 0.0; });
  Backoff greatest([] { return 1.0; });
  for (const int bound : {250, 500, 1000, 2000, 4000, 8000, 10'000, 10'000}) {
    EXPECT_EQ(least.next(), Milliseconds(bound / 2));
    EXPECT_EQ(greatest.next(), Milliseconds(bound));
  }
  greatest.succeeded();
  EXPECT_EQ(greatest.next(), Milliseconds(250));
  EXPECT_EQ(greatest.longest(), Milliseconds(10'000));
}

}  // namespace
}  // namespace flashbid::client
