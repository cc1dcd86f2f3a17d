#include "auction/event.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

TEST(NameOf, IsTheNameOnTheWire) {
  EXPECT_EQ(name_of(Created{}), "created");
  EXPECT_EQ(name_of(Opened{}), "opened");
  EXPECT_EQ(name_of(BidAccepted{}), "bid_accepted");
  EXPECT_EQ(name_of(Extended{}), "extended");
  EXPECT_EQ(name_of(Closed{}), "closed");
  EXPECT_EQ(name_of(Cancelled{}), "cancelled");
}

}  // namespace
}  // namespace flashbid
