#include "access/rate_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid {
namespace {

using ::testing::HasSubstr;

TEST(RateText, ReadsWhatOperatorsWrite) {
  EXPECT_EQ(parse_rate("20/s").value(), (Rate{20, second_us, 20}));
  EXPECT_EQ(parse_rate("20/s burst 40").value(), (Rate{20, second_us, 40}));
  EXPECT_EQ(parse_rate("100/min burst 1").value(), (Rate{100, minute_us, 1}));
  EXPECT_EQ(parse_rate("5/h").value(), (Rate{5, hour_us, 5}));
  EXPECT_EQ(parse_rate("1000000/s burst 1000000").value(), (Rate{1'000'000, second_us, 1'000'000}));
  EXPECT_EQ(parse_rate("off").value(), std::nullopt);
}

TEST(RateText, WhatIsWrittenIsReadAgain) {
  for (const char* text : {"20/s burst 40", "1/min burst 1", "7/h burst 1000000", "off"}) {
    EXPECT_EQ(to_text(parse_rate(text).value()), text);
  }
  EXPECT_EQ(to_text(Rate{20, second_us, 20}), "20/s burst 20");
}

TEST(RateText, RefusesAllElseAndSaysWhatWouldBeRight) {
  for (const char* text : {"",
                           "20",
                           "/s",
                           "0/s",
                           "-1/s",
                           "+1/s",
                           "1.5/s",
                           "1e3/s",
                           " 20/s",
                           "20/s ",
                           "20 /s",
                           "20/ s",
                           "20/S",
                           "20/m",
                           "20/sec",
                           "20/d",
                           "1000001/s",
                           "99999999999/s",
                           "20/s burst",
                           "20/s burst ",
                           "20/s burst 0",
                           "20/s burst -1",
                           "20/s burst 1000001",
                           "20/s burst 4 ",
                           "20/s  burst 4",
                           "20/s Burst 4",
                           "20/s+4",
                           "20/s,burst=4",
                           "OFF",
                           "none",
                           "20/s burst 4 burst 5"}) {
    const auto rate = parse_rate(text);
    ASSERT_FALSE(rate) << text;
    EXPECT_EQ(rate.error().failure, Failure::invalid) << text;
    EXPECT_THAT(rate.error().detail, HasSubstr("a rate like 20/s, 100/min burst 30 or off is expected")) << text;
    EXPECT_THAT(rate.error().detail, HasSubstr("\"" + std::string(text) + "\"")) << text;
  }
  EXPECT_THAT(parse_rate("0/s").error().detail, HasSubstr("a whole number from 1 to 1000000"));
  EXPECT_THAT(parse_rate("20/day").error().detail, HasSubstr("behind the / stands s, min or h"));
  EXPECT_THAT(parse_rate("20/s burst 0").error().detail, HasSubstr("burst and a whole number from 1 to 1000000"));
}

}  // namespace
}  // namespace flashbid
