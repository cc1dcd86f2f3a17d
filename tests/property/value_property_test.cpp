// What holds of the core's values, whatever they are made from.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "auction/currency.hpp"
#include "auction/increment.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {
namespace {

rc::Gen<Amount> any_amount() {
  return rc::gen::map(
      rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 50), rc::gen::inRange<std::int64_t>(0, max_safe_integer),
                     rc::gen::inRange<std::int64_t>(max_safe_integer - 50, max_safe_integer + 1)),
      [](std::int64_t value) { return Amount{value}; });
}

std::vector<IncrementRow> any_rows() {
  std::vector<IncrementRow> rows;
  for (const auto& [below, step] :
       *rc::gen::container<std::vector<std::pair<Amount, Amount>>>(rc::gen::pair(any_amount(), any_amount()))) {
    rows.push_back({below, step});
  }
  rows.push_back({std::nullopt, *any_amount()});
  return rows;
}

RC_GTEST_PROP(IncrementProperty, ATableIsTakenIfItIsWellFormed, ()) {
  const auto rows = any_rows();
  bool well_formed = rows.size() <= Increment::max_rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].step < Amount{1}) well_formed = false;
    if (i + 1 < rows.size() && *rows[i].below < Amount{1}) well_formed = false;
    if (i > 0 && i + 1 < rows.size() && *rows[i].below <= *rows[i - 1].below) well_formed = false;
  }
  RC_ASSERT(Increment::table(rows).has_value() == well_formed);
}

RC_GTEST_PROP(IncrementProperty, TheStepIsThatOfTheFirstRowThePriceIsBelow, ()) {
  auto rows = any_rows();
  for (auto& row : rows) row.step = std::max(row.step, Amount{1});
  const auto bounded = rows.end() - 1;
  std::sort(rows.begin(), bounded, [](const auto& a, const auto& b) { return *a.below < *b.below; });
  rows.erase(std::unique(rows.begin(), bounded, [](const auto& a, const auto& b) { return a.below == b.below; }),
             bounded);
  if (rows.front().below == Amount{0}) rows.erase(rows.begin());
  if (rows.size() > Increment::max_rows) rows.erase(rows.begin());
  const auto increment = Increment::table(rows);
  RC_ASSERT(increment.has_value());

  std::vector<Amount> prices{*any_amount(), Amount{0}, max_amount};
  for (const auto& row : rows) {
    if (row.below) prices.insert(prices.end(), {Amount{row.below->value() - 1}, *row.below});
  }
  for (const Amount price : prices) {
    const auto row = std::ranges::find_if(rows, [price](const auto& r) { return !r.below || price < *r.below; });
    RC_ASSERT(increment->step_at(price) == row->step);
    const auto next = increment->minimum_next(price);
    RC_ASSERT(next.has_value() == (row->step.value() <= max_safe_integer - price.value()));
    if (next) RC_ASSERT(next->value() == price.value() + row->step.value());
  }
}

RC_GTEST_PROP(TimeProperty, WhatIsWrittenIsReadBack, ()) {
  const Timestamp time{*rc::gen::inRange<std::int64_t>(0, max_timestamp.ms + 1)};
  const std::string text = to_text(time);
  RC_ASSERT(text.size() == timestamp_text_size);
  RC_ASSERT(parse_timestamp(text) == time);
}

RC_GTEST_PROP(TimeProperty, LaterIsWrittenAsTheGreaterText, ()) {
  const Timestamp a{*rc::gen::inRange<std::int64_t>(0, max_timestamp.ms + 1)};
  const Timestamp b{*rc::gen::inRange<std::int64_t>(0, max_timestamp.ms + 1)};
  RC_ASSERT((to_text(a) < to_text(b)) == (a < b));
}

RC_GTEST_PROP(TimeProperty, ASpoiltTextIsRefusedOrMeansAnotherMoment, ()) {
  const Timestamp time{*rc::gen::inRange<std::int64_t>(0, max_timestamp.ms + 1)};
  std::string text = to_text(time);
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const char letter = *rc::gen::arbitrary<char>();
  if (letter == text[at] || letter == 't' || letter == 'z') RC_SUCCEED("the same text");
  text[at] = letter;
  const auto parsed = parse_timestamp(text);
  RC_ASSERT(!parsed || *parsed != time);
  if (parsed) RC_ASSERT(to_text(*parsed) == text);
}

RC_GTEST_PROP(TextProperty, AnIdIsTakenIfEveryCharacterIsOfItsAlphabet, (const std::string& text)) {
  const auto in_alphabet = [](char c) {
    return std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-"}.find(c) !=
           std::string_view::npos;
  };
  const auto id = parse_bidder_id(text);
  RC_ASSERT(id.has_value() == (!text.empty() && text.size() <= 64 && std::ranges::all_of(text, in_alphabet)));
  if (id) RC_ASSERT(id->view() == text);
}

RC_GTEST_PROP(TextProperty, ACurrencyIsThreeCapitalsOrNone, (const std::string& text)) {
  const auto currency = Currency::parse(text);
  if (currency) RC_ASSERT(currency->code() == text);
  if (text.size() != 3) RC_ASSERT(!currency);
}

}  // namespace
}  // namespace flashbid
