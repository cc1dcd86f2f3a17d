#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace flashbid::test {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, CountsInTheFirstStepThatIsLongEnough) {
  for (std::size_t i = 0; i < histogram_bounds.size(); ++i) {
    Histogram histogram;
    histogram.add(histogram_bounds[i]);
    histogram.add(histogram_bounds[i] + nanoseconds{1}, 3);
    HistogramCounts counts;
    histogram.add_to(counts);
    EXPECT_EQ(counts.steps[i], 1U);
    EXPECT_EQ(counts.steps[i + 1], 3U);
    EXPECT_EQ(counts.sum, 4 * histogram_bounds[i] + nanoseconds{3});
  }
}

TEST(Histogram, OfSeveralThreadsAddUp) {
  Histogram one;
  Histogram other;
  one.add(nanoseconds{0});
  other.add(std::chrono::hours{1}, 2);
  HistogramCounts counts;
  one.add_to(counts);
  other.add_to(counts);
  EXPECT_EQ(counts.steps.front(), 1U);
  EXPECT_EQ(counts.steps.back(), 2U);
  EXPECT_EQ(std::accumulate(counts.steps.begin(), counts.steps.end(), 0U), 3U);
  EXPECT_EQ(counts.sum, std::chrono::hours{2});
}

}  // namespace
}  // namespace flashbid::test
