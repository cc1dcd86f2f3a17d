#include "base/time.hpp"

#include <gtest/gtest.h>

#include <string>

namespace flashbid {
namespace {

std::optional<std::int64_t> ms_of(std::string_view text) {
  const auto parsed = parse_timestamp(text);
  if (!parsed) return std::nullopt;
  return parsed->ms;
}

TEST(Time, Arithmetic) {
  EXPECT_EQ(Timestamp{1000} + Duration{5}, Timestamp{1005});
  EXPECT_EQ(Timestamp{1000} - Duration{5}, Timestamp{995});
  EXPECT_EQ(Timestamp{1000} - Timestamp{400}, Duration{600});
  EXPECT_LT(Timestamp{1}, Timestamp{2});
}

TEST(ToText, WritesUtcWithMilliseconds) {
  EXPECT_EQ(to_text(Timestamp{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_text(Timestamp{999}), "1970-01-01T00:00:00.999Z");
  EXPECT_EQ(to_text(Timestamp{951'782'400'000}), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(to_text(Timestamp{1'798'761'599'007}), "2026-12-31T23:59:59.007Z");
  EXPECT_EQ(to_text(max_timestamp), "9999-12-31T23:59:59.999Z");
}

TEST(ParseTimestamp, ReadsWhatToTextWrites) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{86'399'999}, std::int64_t{86'400'000},
                                std::int64_t{951'868'800'000}, max_timestamp.ms}) {
    EXPECT_EQ(ms_of(to_text(Timestamp{ms})), ms);
  }
}

TEST(ParseTimestamp, ReadsOffsets) {
  EXPECT_EQ(ms_of("1970-01-01T08:00:00+08:00"), 0);
  EXPECT_EQ(ms_of("1969-12-31T23:59:00-00:01"), 0);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00-23:59"), (23 * 60 + 59) * 60'000);
  EXPECT_EQ(ms_of("1970-01-01t00:00:01z"), 1000);
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00+24:00"));
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00+00:60"));
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00+0800"));
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00"));
}

TEST(ParseTimestamp, CutsTheFractionToMilliseconds) {
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.1239Z"), 123);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.999999999Z"), 999);
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00.Z"));
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00.1234567890Z"));
}

TEST(ParseTimestamp, RefusesDaysThatAreNone) {
  EXPECT_TRUE(parse_timestamp("2028-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2100-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-00-01T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-13-01T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-01-00T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-04-31T00:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-01-01T24:00:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-01-01T00:60:00Z"));
  EXPECT_FALSE(parse_timestamp("2026-01-01T00:00:60Z"));
}

TEST(ParseTimestamp, RefusesWhatIsOutOfRange) {
  EXPECT_FALSE(parse_timestamp("1969-12-31T23:59:59.999Z"));
  EXPECT_FALSE(parse_timestamp("1970-01-01T00:00:00+00:01"));
  EXPECT_TRUE(parse_timestamp("9999-12-31T23:59:59.999Z"));
  EXPECT_FALSE(parse_timestamp("9999-12-31T23:59:59.999-00:01"));
}

TEST(ParseTimestamp, RefusesEveryShortenedOrLengthenedForm) {
  const std::string whole = "2026-01-31T08:00:00.000Z";
  ASSERT_TRUE(parse_timestamp(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_timestamp(whole.substr(0, size))) << size;
  EXPECT_FALSE(parse_timestamp(whole + "Z"));
  EXPECT_FALSE(parse_timestamp(" " + whole));
  for (const std::size_t at : {0U, 5U, 8U, 11U, 14U, 17U, 20U}) {
    for (const char c : {'-', '+', ' ', 'x', '/', ':', '\0'}) {
      std::string spoilt = whole;
      spoilt[at] = c;
      EXPECT_FALSE(parse_timestamp(spoilt)) << spoilt;
    }
  }
}

}  // namespace
}  // namespace flashbid
