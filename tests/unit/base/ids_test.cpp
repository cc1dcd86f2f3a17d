#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

namespace flashbid {
namespace {

using Short = InlineText<struct ShortTag, 4>;

TEST(Strong, IsATypeOfItsOwn) {
  static_assert(!std::is_convertible_v<std::uint64_t, AuctionId>);
  static_assert(!std::is_convertible_v<AuctionId, std::uint64_t>);
  static_assert(!std::is_constructible_v<Sequence, AuctionId>);
  static_assert(sizeof(AuctionId) == sizeof(std::uint64_t));
}

TEST(Strong, ComparesCountsAndHashesByValue) {
  EXPECT_EQ(Sequence{}.value(), 0U);
  EXPECT_EQ(Sequence{7}.next(), Sequence{8});
  EXPECT_LT(Amount{9}, Amount{10});
  EXPECT_LT(Amount{-1}, Amount{0});
  const std::unordered_set<AuctionId> ids{AuctionId{1}, AuctionId{2}, AuctionId{1}};
  EXPECT_EQ(ids.size(), 2U);
}

TEST(Strong, LimitsAreWhatADoubleHoldsExactly) {
  EXPECT_EQ(max_amount.value(), 9'007'199'254'740'991);
  EXPECT_EQ(max_auction_id.value(), 9'007'199'254'740'991U);
}

TEST(InlineText, HoldsUpToItsSize) {
  EXPECT_EQ(Short::from("")->view(), "");
  EXPECT_TRUE(Short::from("")->empty());
  EXPECT_EQ(Short::from("abcd")->view(), "abcd");
  EXPECT_FALSE(Short::from("abcd")->empty());
  EXPECT_FALSE(Short::from("abcde"));
}

TEST(InlineText, ComparesAsText) {
  EXPECT_EQ(Short::from("ab"), Short::from("ab"));
  EXPECT_NE(Short::from("ab"), Short::from("abc"));
  EXPECT_LT(*Short::from("ab"), *Short::from("abc"));
  EXPECT_LT(*Short::from("abz"), *Short::from("b"));
}

TEST(ParseBidderId, TakesOneTo64OfItsAlphabet) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-";
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    EXPECT_EQ(parse_bidder_id(text).has_value(), alphabet.find(text) != std::string::npos) << "character " << c;
  }
  EXPECT_FALSE(parse_bidder_id(""));
  EXPECT_EQ(parse_bidder_id(std::string(64, 'a'))->view(), std::string(64, 'a'));
  EXPECT_FALSE(parse_bidder_id(std::string(65, 'a')));
  EXPECT_FALSE(parse_bidder_id("Alice "));
  EXPECT_FALSE(parse_bidder_id("张三"));
}

TEST(ParseIdempotencyKey, TakesOneTo64VisibleAscii) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    EXPECT_EQ(parse_idempotency_key(text).has_value(), c >= 0x21 && c <= 0x7e) << "character " << c;
  }
  EXPECT_FALSE(parse_idempotency_key(""));
  EXPECT_EQ(parse_idempotency_key(std::string(64, '~'))->view(), std::string(64, '~'));
  EXPECT_FALSE(parse_idempotency_key(std::string(65, '~')));
  EXPECT_FALSE(parse_idempotency_key("two words"));
}

}  // namespace
}  // namespace flashbid
