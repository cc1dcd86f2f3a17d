#include "base/system_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace flashbid {
namespace {

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

TEST(SystemClock, TellsTheWallClock) {
  SystemClock clock;
  const std::int64_t before = wall_ms();
  const std::int64_t told = clock.now().ms;
  const std::int64_t after = wall_ms();
  EXPECT_GE(told, before);
  EXPECT_LE(told, after);
}

TEST(SystemClock, NeverTellsEarlierThanItWasRaisedTo) {
  SystemClock clock;
  const Timestamp ahead = clock.now() + Duration{3'600'000};
  clock.raise(ahead);
  EXPECT_EQ(clock.now(), ahead);
  clock.raise(ahead - Duration{1});
  EXPECT_EQ(clock.now(), ahead);
  EXPECT_EQ(clock.now(), ahead);
}

TEST(SystemClock, NeverRunsBackForAnyThread) {
  SystemClock clock;
  std::vector<std::thread> threads;
  std::atomic<int> backwards{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&clock, &backwards] {
      Timestamp last{0};
      for (int i = 0; i < 2000; ++i) {
        const Timestamp now = clock.now();
        if (now < last) ++backwards;
        last = now;
        if (i % 10 == 0) clock.raise(now + Duration{1});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(backwards, 0);
}

}  // namespace
}  // namespace flashbid
