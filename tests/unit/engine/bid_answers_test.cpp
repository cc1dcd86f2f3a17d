#include "engine/bid_answers.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/auction_script.hpp"

namespace flashbid::testing {
namespace {

TEST(BidAnswers, AreReadFromTheBidAndWhatFollowsIt) {
  Terms terms = sample_terms();
  terms.soft_close = SoftClose{Duration{3'600'000}, Duration{3'600'000}, SoftClose::Mode::from_bid, 1};
  AuctionScript one(1, terms);
  const std::string opened = *one.create()[1].payload;
  const auto extending = one.bid("Alice", 1000, script_start + Duration{5});
  const std::string bid = *extending[0].payload;
  const std::string extended = *extending[1].payload;
  const std::string plain = *one.bid("Bob", 1100)[0].payload;

  const auto alone = answer_from_payloads(bid, "");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->as_of_sequence, Sequence{3});
  const auto moved = answer_from_payloads(bid, extended);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->as_of_sequence, Sequence{4});
  EXPECT_EQ(moved->closes_at, terms.closes_at + Duration{5});
  const auto followed = answer_from_payloads(bid, plain);
  ASSERT_TRUE(followed);
  EXPECT_EQ(*followed, *alone);
  EXPECT_EQ(answer_from_payloads(opened, "").error().detail, "a remembered bid's event is not a bid");
  EXPECT_EQ(answer_from_payloads("{}", "").error().failure, Failure::corrupt);
  EXPECT_EQ(answer_from_payloads(bid, "{}").error().failure, Failure::corrupt);
}

}  // namespace
}  // namespace flashbid::testing
