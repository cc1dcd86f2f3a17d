#include "base/assert.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

TEST(Require, LetsPassWhatHolds) { require(true, "one is one"); }

TEST(RequireDeathTest, StopsAndSaysWhatAndWhere) {
  EXPECT_DEATH(require(1 > 2, "one is more than two"), "assertion failed: one is more than two .*assert_test.cpp:");
}

}  // namespace
}  // namespace flashbid
