#include "bots/latency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace flashbid::bots {
namespace {

TEST(Latency, IsWithinThreePercentOfTheExactQuantile) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> times(12, 2);
  Latency latency;
  std::vector<std::int64_t> exact;
  for (int i = 0; i < 100'000; ++i) {
    exact.push_back(static_cast<std::int64_t>(times(random)));
    latency.add(exact.back());
  }
  std::ranges::sort(exact);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto wanted = static_cast<double>(exact[static_cast<std::size_t>(share * 100'000) - 1]);
    EXPECT_NEAR(static_cast<double>(latency.quantile_ns(share)), wanted, wanted * 0.035 + 1) << share;
  }
  EXPECT_EQ(latency.max_ns(), exact.back());
  EXPECT_EQ(latency.quantile_ns(1), exact.back());
}

TEST(Latency, HoldsTheExtremes) {
  Latency latency;
  EXPECT_EQ(latency.quantile_ns(0.5), 0);
  latency.add(-5);
  EXPECT_EQ(latency.quantile_ns(0.5), 0);
  latency.add(INT64_MAX);
  EXPECT_EQ(latency.quantile_ns(1), INT64_MAX);
  EXPECT_EQ(latency.count(), 2U);
}

TEST(Latency, IsExactWhereItIsSmall) {
  for (std::int64_t ns = 0; ns < 64; ++ns) {
    Latency latency;
    latency.add(ns);
    latency.add(1'000'000);
    EXPECT_EQ(latency.quantile_ns(0.5), ns);
  }
}

}  // namespace
}  // namespace flashbid::bots
