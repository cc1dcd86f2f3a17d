#include "auction/increment.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace flashbid {
namespace {

Currency currency(std::string_view code) { return Currency::parse(code).value(); }

IncrementRow row(std::int64_t below, std::int64_t step) { return {Amount{below}, Amount{step}}; }
IncrementRow last(std::int64_t step) { return {std::nullopt, Amount{step}}; }

std::int64_t step_at(const Increment& increment, std::int64_t price) {
  return increment.step_at(Amount{price}).value();
}

TEST(Increment, IsAStepOfOneUnlessSaidOtherwise) {
  const Increment increment;
  EXPECT_EQ(increment.kind(), Increment::Kind::fixed);
  EXPECT_EQ(increment.fixed_step(), Amount{1});
  EXPECT_EQ(increment.minimum_next(Amount{7}), Amount{8});
  EXPECT_TRUE(increment.rows().empty());
  EXPECT_EQ(increment, Increment::fixed(Amount{1}));
}

TEST(Increment, FixedIsOneUpToTheLimit) {
  EXPECT_FALSE(Increment::fixed(Amount{-1}));
  EXPECT_FALSE(Increment::fixed(Amount{0}));
  EXPECT_TRUE(Increment::fixed(Amount{1}));
  EXPECT_TRUE(Increment::fixed(max_amount));
  EXPECT_FALSE(Increment::fixed(max_amount.next()));
}

TEST(Increment, MinimumNextEndsAtTheLimit) {
  const auto one = Increment::fixed(Amount{1}).value();
  EXPECT_EQ(one.minimum_next(Amount{max_safe_integer - 1}), max_amount);
  EXPECT_FALSE(one.minimum_next(max_amount));
  const auto ten = Increment::fixed(Amount{10}).value();
  EXPECT_EQ(ten.minimum_next(Amount{max_safe_integer - 10}), max_amount);
  EXPECT_FALSE(ten.minimum_next(Amount{max_safe_integer - 9}));
  const auto all = Increment::fixed(max_amount).value();
  EXPECT_EQ(all.minimum_next(Amount{0}), max_amount);
  EXPECT_FALSE(all.minimum_next(Amount{1}));
}

TEST(Increment, TableTakesTheFirstRowThatThePriceIsBelow) {
  const auto table = Increment::table({row(100, 1), row(200, 5), last(10)}).value();
  EXPECT_EQ(table.kind(), Increment::Kind::table);
  EXPECT_EQ(step_at(table, 0), 1);
  EXPECT_EQ(step_at(table, 99), 1);
  EXPECT_EQ(step_at(table, 100), 5);
  EXPECT_EQ(step_at(table, 199), 5);
  EXPECT_EQ(step_at(table, 200), 10);
  EXPECT_EQ(step_at(table, max_safe_integer), 10);
  EXPECT_EQ(table.minimum_next(Amount{99}), Amount{100});
  EXPECT_EQ(table.minimum_next(Amount{100}), Amount{105});
  EXPECT_EQ(table.rows().size(), 3U);
}

TEST(Increment, TableIsRefusedUnlessWellFormed) {
  EXPECT_TRUE(Increment::table({last(1)}));
  EXPECT_TRUE(Increment::table({row(1, 1), last(1)}));
  EXPECT_TRUE(Increment::table({row(max_safe_integer, max_safe_integer), last(max_safe_integer)}));
  EXPECT_FALSE(Increment::table({})) << "no row";
  EXPECT_FALSE(Increment::table({row(100, 1)})) << "no last row";
  EXPECT_FALSE(Increment::table({last(1), last(1)})) << "two last rows";
  EXPECT_FALSE(Increment::table({last(1), row(100, 1)})) << "last row first";
  EXPECT_FALSE(Increment::table({row(100, 1), row(100, 2), last(3)})) << "equal bounds";
  EXPECT_FALSE(Increment::table({row(100, 1), row(99, 2), last(3)})) << "falling bounds";
  EXPECT_FALSE(Increment::table({row(0, 1), last(3)})) << "a row no price is in";
  EXPECT_FALSE(Increment::table({row(-5, 1), last(3)})) << "negative bound";
  EXPECT_FALSE(Increment::table({row(100, 0), last(3)})) << "step 0";
  EXPECT_FALSE(Increment::table({row(100, 1), last(0)})) << "last step 0";
  EXPECT_FALSE(Increment::table({row(100, -1), last(3)})) << "negative step";
  EXPECT_FALSE(Increment::table({row(max_safe_integer + 1, 1), last(3)})) << "bound out of range";
  EXPECT_FALSE(Increment::table({last(max_safe_integer + 1)})) << "step out of range";
}

TEST(Increment, TableHasAtMostAHundredRows) {
  std::vector<IncrementRow> rows;
  for (std::int64_t i = 1; i < 100; ++i) rows.push_back(row(i, 1));
  rows.push_back(last(1));
  EXPECT_TRUE(Increment::table(rows));
  rows.insert(rows.end() - 1, row(100, 1));
  EXPECT_FALSE(Increment::table(rows));
}

TEST(IncrementPreset, HasANameOnTheWire) {
  EXPECT_EQ(parse_increment_preset("ebay-us"), IncrementPreset::ebay_us);
  EXPECT_EQ(parse_increment_preset("yahoo-jp"), IncrementPreset::yahoo_jp);
  EXPECT_EQ(parse_increment_preset("whatnot"), IncrementPreset::whatnot);
  for (const auto* name : {"", "none", "ebay", "ebay_us", "EBAY-US", "whatnot "}) {
    EXPECT_FALSE(parse_increment_preset(name)) << name;
  }
  EXPECT_EQ(to_text(IncrementPreset::ebay_us), "ebay-us");
  EXPECT_EQ(to_text(IncrementPreset::yahoo_jp), "yahoo-jp");
  EXPECT_EQ(to_text(IncrementPreset::whatnot), "whatnot");
  EXPECT_EQ(to_text(IncrementPreset::none), "");
}

TEST(IncrementPreset, EbayUsInDollars) {
  const auto preset = Increment::preset(IncrementPreset::ebay_us, currency("USD")).value();
  EXPECT_EQ(preset.kind(), Increment::Kind::preset);
  EXPECT_EQ(preset.preset_name(), IncrementPreset::ebay_us);
  const std::vector<IncrementRow> expected = {
      row(100, 5),      row(500, 25),        row(2'500, 50),      row(10'000, 100),    row(25'000, 250),
      row(50'000, 500), row(100'000, 1'000), row(250'000, 2'500), row(500'000, 5'000), last(10'000)};
  EXPECT_EQ(preset.rows(), expected);
}

TEST(IncrementPreset, YahooJpInYen) {
  const auto preset = Increment::preset(IncrementPreset::yahoo_jp, currency("JPY")).value();
  const std::vector<IncrementRow> expected = {row(1'000, 10), row(5'000, 100), row(10'000, 250), row(50'000, 500),
                                              last(1'000)};
  EXPECT_EQ(preset.rows(), expected);
}

TEST(IncrementPreset, WhatnotInDollars) {
  const auto preset = Increment::preset(IncrementPreset::whatnot, currency("USD")).value();
  const std::vector<IncrementRow> expected = {row(3'000, 100),  row(5'000, 200),     row(10'000, 300),
                                              row(30'000, 500), row(100'000, 1'000), row(200'000, 2'000),
                                              last(5'000)};
  EXPECT_EQ(preset.rows(), expected);
}

TEST(IncrementPreset, IsScaledByTheCurrency) {
  const auto dinar = Increment::preset(IncrementPreset::ebay_us, currency("KWD")).value();
  EXPECT_EQ(dinar.rows().front(), row(1'000, 50));
  EXPECT_EQ(dinar.rows().back(), last(100'000));
  const auto fomento = Increment::preset(IncrementPreset::ebay_us, currency("CLF")).value();
  EXPECT_EQ(fomento.rows().front(), row(10'000, 500));
  const auto yuan = Increment::preset(IncrementPreset::yahoo_jp, currency("CNY")).value();
  EXPECT_EQ(yuan.rows().front(), row(100'000, 1'000));
  const auto yen = Increment::preset(IncrementPreset::whatnot, currency("JPY")).value();
  EXPECT_EQ(yen.rows().front(), row(30, 1));
}

TEST(IncrementPreset, IsRefusedWhereAStepDoesNotComeOutWhole) {
  EXPECT_FALSE(Increment::preset(IncrementPreset::ebay_us, currency("JPY"))) << "0.05 yen";
  EXPECT_FALSE(Increment::preset(IncrementPreset::ebay_us, currency("KRW")));
  EXPECT_FALSE(Increment::preset(IncrementPreset::none, currency("USD")));
}

TEST(Increment, EqualsByWhatItSays) {
  const auto dollars = Increment::preset(IncrementPreset::ebay_us, currency("USD")).value();
  EXPECT_EQ(dollars, Increment::preset(IncrementPreset::ebay_us, currency("EUR")));
  EXPECT_NE(dollars, Increment::preset(IncrementPreset::ebay_us, currency("KWD")));
  EXPECT_NE(dollars, Increment::table(dollars.rows())) << "a preset's name is part of what was asked for";
  EXPECT_EQ(Increment::table({row(5, 1), last(2)}), Increment::table({row(5, 1), last(2)}));
  EXPECT_NE(Increment::table({row(5, 1), last(2)}), Increment::table({row(5, 1), last(3)}));
  EXPECT_NE(Increment::fixed(Amount{1}), Increment::fixed(Amount{2}));
  EXPECT_NE(Increment{}, Increment::table({last(1)})) << "a table of one row is shown as a table";
}

TEST(Increment, EveryPresetSaysWhereItIsFrom) {
  EXPECT_EQ(source_of(IncrementPreset::none), "");
  for (const auto preset : increment_presets) EXPECT_TRUE(source_of(preset).starts_with("https://")) << to_text(preset);
}

}  // namespace
}  // namespace flashbid
