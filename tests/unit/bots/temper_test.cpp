// What each temper bids, over many draws of one seed.
#include "bots/temper.hpp"

#include <gtest/gtest.h>

namespace flashbid::bots {
namespace {

constexpr checker::BidderIndex me = 1;
constexpr checker::BidderIndex other = 2;

Glimpse seen_at(std::int64_t price) {
  Glimpse seen;
  seen.price = Amount(price);
  seen.minimum_next = Amount(price + 100);
  seen.leader = other;
  return seen;
}

TEST(Temper, EveryKindIsAmongTen) {
  std::array<int, 4> counts{};
  for (std::uint32_t i = 0; i < 10; ++i) ++counts[static_cast<std::size_t>(temper_of(i))];
  EXPECT_EQ(counts, (std::array<int, 4>{5, 2, 2, 1}));
}

TEST(Temper, BidsInItsManner) {
  Random random(3);
  int equal = 0;
  int low = 0;
  int leaps = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto incremental = next_amount(Temper::incremental, seen_at(50'000), me, Amount(1000), random);
    ASSERT_TRUE(incremental);
    EXPECT_TRUE(incremental->value() == 50'100 || incremental->value() == 50'000);
    if (incremental->value() == 50'000) ++equal;
    const auto jump = next_amount(Temper::jumper, seen_at(50'000), me, Amount(1000), random);
    EXPECT_TRUE(jump->value() >= 50'100 && jump->value() <= 52'000);
    if (jump->value() > 50'100) ++leaps;
    EXPECT_GE(next_amount(Temper::sniper, seen_at(50'000), me, Amount(1000), random)->value(), 50'100);
    if (next_amount(Temper::stubborn, seen_at(50'000), me, Amount(1000), random)->value() < 50'100) ++low;
  }
  EXPECT_GT(equal, 5);
  EXPECT_GT(leaps, 800);
  EXPECT_GT(low, 800);
}

TEST(Temper, WhoLeadsMostlyWaits) {
  Random random(4);
  Glimpse leading = seen_at(1000);
  leading.leader = me;
  int waits = 0;
  for (int i = 0; i < 1000; ++i) waits += next_amount(Temper::incremental, leading, me, Amount(1000), random) ? 0 : 1;
  EXPECT_GT(waits, 800);
  EXPECT_LT(waits, 1000);
}

TEST(Temper, NeverBidsMoreThanThereIs) {
  Random random(5);
  Glimpse high = seen_at(max_amount.value() - 100);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(*next_amount(Temper::jumper, high, me, Amount(1000), random), max_amount);
  }
  high.minimum_next.reset();
  EXPECT_FALSE(next_amount(Temper::jumper, high, me, Amount(1000), random));
}

}  // namespace
}  // namespace flashbid::bots
