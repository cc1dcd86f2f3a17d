#include "base/percent.hpp"

#include <gtest/gtest.h>

namespace flashbid::testing {
namespace {

TEST(Percent, IsDecoded) {
  EXPECT_EQ(percent_decoded("/a%2Fb%3f+c%25"), "/a/b?+c%");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(Percent, WithoutTwoDigitsIsNone) {
  for (const char* text : {"%", "%2", "a%2", "%zz", "%2g"}) EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace flashbid::testing
