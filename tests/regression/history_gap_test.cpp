// An event that is gone from history (a row that damage took out of a page: no checksum is left to tell) was passed
// over without a word: pages of events and watchers that went on from before it were given what came after. Now they
// are refused, and told that history has a gap (INV-10, 12). Found by the fuzzer of ledger recovery.
#include <gtest/gtest.h>

#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

class HistoryGap : public testing::TestWithParam<std::uint64_t> {};

TEST_P(HistoryGap, IsToldAndNotPassedOver) {
  EngineUnderTest under_test;
  Terms terms;
  terms.title = "lot";
  terms.opening_price = Amount{100};
  terms.opens_at = noon;
  terms.closes_at = noon + minute;
  ASSERT_TRUE(under_test.create(terms, AuctionId{1}));
  for (int amount = 100; amount < 105; ++amount) ASSERT_TRUE(under_test.bid(AuctionId{1}, "Alice", amount));
  under_test.await_moved();
  under_test.restart();  // memory is empty: all is read from history
  const Sequence newest = under_test.read(AuctionId{1})->auction.sequence;
  ASSERT_EQ(newest, Sequence{7});

  const Sequence lost{GetParam()};
  under_test.lose(AuctionId{1}, lost);
  const auto page = under_test.events({.auction = AuctionId{1}, .after = Sequence{0}, .limit = 100});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().failure, Failure::corrupt);
  EXPECT_EQ(page.error().detail, "history has a gap");
  // What lies before it, or behind it, is there.
  const auto before = under_test.events({.auction = AuctionId{1}, .after = Sequence{0}, .limit = lost.value() - 1});
  ASSERT_TRUE(before) << before.error().detail;
  EXPECT_EQ(before->last, Sequence{lost.value() - 1});
  const auto behind = under_test.events({.auction = AuctionId{1}, .after = lost, .limit = 100});
  ASSERT_TRUE(behind) << behind.error().detail;
  EXPECT_EQ(behind->last, lost == newest ? lost : newest);
}

INSTANTIATE_TEST_SUITE_P(Lost, HistoryGap, testing::Values(2, 4, 7));

}  // namespace
}  // namespace flashbid::test
