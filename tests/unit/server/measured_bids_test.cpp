#include "server/measured_bids.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace flashbid::test {
namespace {

// The places of the measured ones among so many of a round.
std::vector<std::size_t> round_of(MeasuredBids& bids, std::size_t count) {
  std::vector<std::size_t> measured;
  for (std::size_t i = 0; i < count; ++i) {
    if (bids.takes_next()) measured.push_back(i);
  }
  bids.end_round();
  return measured;
}

TEST(MeasuredBids, AreAllWhereFewCome) {
  MeasuredBids bids;
  for (int round = 0; round < 5; ++round) EXPECT_EQ(round_of(bids, 15).size(), 15U);
}

TEST(MeasuredBids, AreAFewEvenlySpreadWhereManyCome) {
  MeasuredBids bids;
  (void)round_of(bids, 64);
  EXPECT_EQ(round_of(bids, 0).size(), 0U);  // a round without bids changes nothing
  EXPECT_EQ(round_of(bids, 64), (std::vector<std::size_t>{0, 8, 16, 24, 32, 40, 48, 56}));
  EXPECT_EQ(round_of(bids, 800).size(), 100U);
  EXPECT_EQ(round_of(bids, 800).size(), 8U);
  EXPECT_EQ(round_of(bids, 1).size(), 1U);  // and then all again
  EXPECT_EQ(round_of(bids, 3).size(), 3U);
}

}  // namespace
}  // namespace flashbid::test
