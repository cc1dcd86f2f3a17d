#include "engine/redis/loss_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid {
namespace {

constexpr Timestamp noon{1'800'000'000'000};
constexpr Timestamp later{noon.ms + 1};

std::vector<std::uint64_t> ids(const std::vector<LossWatch::Suspect>& suspects) {
  std::vector<std::uint64_t> found;
  for (const auto& suspect : suspects) found.push_back(suspect.auction.value());
  return found;
}

TEST(LossWatch, ASuspectStaysUntilItIsCleared) {
  LossWatch watch(2);
  watch.acknowledged(0, AuctionId{2}, Sequence{3}, later);
  watch.acknowledged(0, AuctionId{2}, Sequence{5}, later);
  watch.acknowledged(0, AuctionId{2}, Sequence{4}, later);
  watch.acknowledged(1, AuctionId{1}, Sequence{9}, later);
  EXPECT_TRUE(watch.suspects(0, 9).empty());
  watch.suspect(0, Epoch{2}, noon);
  for (int asked = 0; asked < 2; ++asked) {
    const auto suspects = watch.suspects(0, 9);
    ASSERT_EQ(suspects.size(), 1U);
    EXPECT_EQ(suspects[0].acknowledged, Sequence{5});
    EXPECT_EQ(suspects[0].epoch, Epoch{2});
  }
  EXPECT_TRUE(watch.suspects(1, 9).empty());
  EXPECT_TRUE(watch.clear(0, watch.suspects(0, 9)[0]));
  EXPECT_TRUE(watch.suspects(0, 9).empty());
}

// What is not counted yet when the next epoch begins is asked for by the first one.
TEST(LossWatch, EpochsThatFollowEachOtherAreOneSuspicion) {
  LossWatch watch(1);
  watch.acknowledged(0, AuctionId{1}, Sequence{5}, later);
  watch.suspect(0, Epoch{2}, noon);
  watch.acknowledged(0, AuctionId{1}, Sequence{4}, later);
  watch.suspect(0, Epoch{3}, noon);
  const auto suspects = watch.suspects(0, 9);
  ASSERT_EQ(suspects.size(), 1U);
  EXPECT_EQ(suspects[0].acknowledged, Sequence{5});
  EXPECT_EQ(suspects[0].epoch, Epoch{2});
}

// An answer that comes when more is suspected does not clear that.
TEST(LossWatch, ALateAnswerClearsOnlyWhatItIsOf) {
  LossWatch watch(1);
  watch.acknowledged(0, AuctionId{1}, Sequence{3}, later);
  watch.suspect(0, Epoch{2}, noon);
  const auto asked = watch.suspects(0, 9);
  watch.acknowledged(0, AuctionId{1}, Sequence{5}, later);
  watch.suspect(0, Epoch{3}, noon);
  EXPECT_FALSE(watch.clear(0, asked[0]));
  ASSERT_EQ(watch.suspects(0, 9).size(), 1U);
  EXPECT_TRUE(watch.clear(0, watch.suspects(0, 9)[0]));
}

TEST(LossWatch, SuspectsComeInPages) {
  LossWatch watch(1);
  for (std::uint64_t id = 1; id <= 5; ++id) watch.acknowledged(0, AuctionId{id}, Sequence{3}, later);
  watch.suspect(0, Epoch{2}, noon);
  std::vector<std::uint64_t> all;
  for (auto page = watch.suspects(0, 2); !page.empty(); page = watch.suspects(0, 2)) {
    EXPECT_LE(page.size(), 2U);
    for (const auto& suspect : page) {
      all.push_back(suspect.auction.value());
      EXPECT_TRUE(watch.clear(0, suspect));
    }
  }
  EXPECT_THAT(all, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5));
}

TEST(LossWatch, WhatIsLongOverIsNotAskedFor) {
  LossWatch watch(1);
  watch.acknowledged(0, AuctionId{1}, Sequence{3}, noon);
  watch.acknowledged(0, AuctionId{2}, Sequence{3}, later);
  watch.suspect(0, Epoch{2}, later + effect_kept);
  EXPECT_THAT(ids(watch.suspects(0, 9)), ::testing::ElementsAre(2));
}

}  // namespace
}  // namespace flashbid
