#include "auction/currency.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace flashbid {
namespace {

// Every active currency whose minor unit is not a hundredth, from ISO 4217 list one.
const std::set<std::string> none = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                    "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
const std::set<std::string> thousandths = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
const std::set<std::string> ten_thousandths = {"CLF", "UYW"};

int expected_decimals(const std::string& code) {
  if (none.contains(code)) return 0;
  if (thousandths.contains(code)) return 3;
  if (ten_thousandths.contains(code)) return 4;
  return 2;
}

TEST(Currency, KnowsEveryActiveCodeAndItsDecimals) {
  int known = 0;
  std::set<std::string> odd_ones_seen;
  std::string code = "AAA";
  for (code[0] = 'A'; code[0] <= 'Z'; ++code[0]) {
    for (code[1] = 'A'; code[1] <= 'Z'; ++code[1]) {
      for (code[2] = 'A'; code[2] <= 'Z'; ++code[2]) {
        const auto currency = Currency::parse(code);
        if (!currency) continue;
        ++known;
        EXPECT_EQ(currency->code(), code);
        EXPECT_EQ(currency->decimals(), expected_decimals(code)) << code;
        if (currency->decimals() != 2) odd_ones_seen.insert(code);
      }
    }
  }
  EXPECT_EQ(known, 165);
  EXPECT_EQ(odd_ones_seen.size(), none.size() + thousandths.size() + ten_thousandths.size());
}

TEST(Currency, KnowsTheCommonOnes) {
  for (const auto* code : {"CNY", "USD", "EUR", "GBP", "HKD", "TWD", "SGD", "INR", "AED", "ZWG", "XCG", "SLE"}) {
    ASSERT_TRUE(Currency::parse(code)) << code;
    EXPECT_EQ(Currency::parse(code)->decimals(), 2) << code;
  }
}

TEST(Currency, RefusesWhatIsNoMoneyOrNoLongerIs) {
  for (const auto* code : {"XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "HRK", "DEM", "ZWL",
                           "ANG", "BGN", "SLL", "AAA", "ZZZ"}) {
    EXPECT_FALSE(Currency::parse(code)) << code;
  }
  for (const auto* text : {"", "C", "CN", "CNYX", "cny", "Cny", " CN", "CN ", "¥"}) {
    EXPECT_FALSE(Currency::parse(text)) << text;
  }
}

TEST(Currency, IsCnyUnlessSaidOtherwise) {
  EXPECT_EQ(Currency{}, Currency::parse("CNY"));
  EXPECT_NE(Currency{}, Currency::parse("USD"));
}

}  // namespace
}  // namespace flashbid
