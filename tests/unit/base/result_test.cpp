#include "base/result.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Failure::invalid, "number is even");
  return number / 2;
}

TEST(Result, IsAValueOrAFailureWithASentence) {
  EXPECT_EQ(half_of(4).value(), 2);
  const auto failed = half_of(3);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().failure, Failure::invalid);
  EXPECT_EQ(failed.error().detail, "number is even");
}

}  // namespace
}  // namespace flashbid
