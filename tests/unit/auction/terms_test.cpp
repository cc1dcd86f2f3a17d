#include "auction/terms.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::plain_terms;

constexpr Timestamp now{500};

// The field that check_terms names after `change` to plain terms; "" if they hold.
std::string wrong_field(const std::function<void(Terms&)>& change) {
  Terms terms = plain_terms();
  change(terms);
  const auto found = check_terms(terms, now);
  if (found) {
    EXPECT_FALSE(found->detail.empty());
  }
  return found ? std::string(found->field) : "";
}

TEST(CheckTerms, PlainOnesHold) {
  EXPECT_EQ(wrong_field([](Terms&) {}), "");
}

TEST(CheckTerms, Title) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.title = ""; }), "title");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.title = "a"; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.title.assign(200, 'a'); }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.title.assign(201, 'a'); }), "title");
}

TEST(CheckTerms, Description) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.description.assign(10'000, 'a'); }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.description.assign(10'001, 'a'); }), "description");
}

TEST(CheckTerms, OpeningPrice) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opening_price = Amount{-1}; }), "opening_price");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opening_price = Amount{0}; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opening_price = max_amount; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opening_price = max_amount.next(); }), "opening_price");
}

TEST(CheckTerms, Increment) {
  const auto in_dollars = Increment::preset(IncrementPreset::whatnot, Currency::parse("USD").value()).value();
  EXPECT_EQ(wrong_field([&](Terms& terms) { terms.increment = in_dollars; }), "");
  EXPECT_EQ(wrong_field([&](Terms& terms) {
              terms.increment = in_dollars;
              terms.currency = Currency::parse("JPY").value();
            }),
            "increment");
}

TEST(CheckTerms, Reserve) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.reserve = Amount{-1}; }), "reserve");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.reserve = Amount{0}; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.reserve = max_amount; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.reserve = max_amount.next(); }), "reserve");
}

TEST(CheckTerms, AmountLimit) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.amount_limit = Amount{0}; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.amount_limit = Amount{10'000}; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.amount_limit = max_amount; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.amount_limit = max_amount.next(); }), "amount_limit");
  EXPECT_EQ(wrong_field([](Terms& terms) {
              terms.opening_price = Amount{0};
              terms.amount_limit = Amount{-1};
            }),
            "amount_limit");
}

TEST(CheckTerms, Times) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opens_at = Timestamp{-1}; }), "opens_at");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opens_at = Timestamp{0}; }), "") << "the past: it opens at once";
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.opens_at = max_timestamp + Duration{1}; }), "opens_at");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.closes_at = terms.opens_at; }), "closes_at");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.closes_at = terms.opens_at + Duration{1}; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.closes_at = max_timestamp; }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.closes_at = max_timestamp + Duration{1}; }), "closes_at");
}

TEST(CheckTerms, TheEndIsInTheFuture) {
  const Terms terms = plain_terms();
  EXPECT_FALSE(check_terms(terms, terms.closes_at - Duration{1}));
  ASSERT_TRUE(check_terms(terms, terms.closes_at));
  EXPECT_EQ(check_terms(terms, terms.closes_at)->field, "closes_at");
}

TEST(CheckTerms, SoftClose) {
  const auto with = [](std::int64_t window_ms, std::int64_t extend_ms) {
    return [=](Terms& terms) { terms.soft_close = SoftClose{.window = {window_ms}, .extend = {extend_ms}}; };
  };
  constexpr std::int64_t week_ms = 604'800'000;
  EXPECT_EQ(wrong_field(with(1, 1)), "");
  EXPECT_EQ(wrong_field(with(week_ms, week_ms)), "");
  EXPECT_EQ(wrong_field(with(0, 1)), "soft_close.window_ms");
  EXPECT_EQ(wrong_field(with(-1, 1)), "soft_close.window_ms");
  EXPECT_EQ(wrong_field(with(week_ms + 1, 1)), "soft_close.window_ms");
  EXPECT_EQ(wrong_field(with(1, 0)), "soft_close.extend_ms");
  EXPECT_EQ(wrong_field(with(1, -1)), "soft_close.extend_ms");
  EXPECT_EQ(wrong_field(with(1, week_ms + 1)), "soft_close.extend_ms");
}

TEST(CheckTerms, Seller) {
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.seller = support::bidder("shop:7"); }), "");
  EXPECT_EQ(wrong_field([](Terms& terms) { terms.seller = BidderId::from("a shop").value(); }), "seller");
}

std::string wrong_field_with_url(std::string_view url) {
  return wrong_field([url](Terms& terms) { terms.image_url = url; });
}

TEST(CheckTerms, ImageUrlIsHttpOrHttps) {
  for (const auto* url : {"http://a", "https://example.com/vase.png?size=2#top", "HTTPS://Example.com",
                          "https://[::1]:8080/x", "https://例え.jp/壺.png", "https://example.com/a'b"}) {
    EXPECT_EQ(wrong_field_with_url(url), "") << url;
  }
  for (const auto* url : {"javascript:alert(1)", "data:image/png;base64,AA", "ftp://a/b", "file:///etc/passwd", "//a/b",
                          "a/b.png", "http:/a", "http:a", "http://", "https:///b", "http://?x", "http://#x",
                          "http://:80", "http://@b", "https", " https://a"}) {
    EXPECT_EQ(wrong_field_with_url(url), "image_url") << url;
  }
}

TEST(CheckTerms, ImageUrlHoldsNothingThatCouldLeaveAnAttribute) {
  for (int c = 1; c < 0x80; ++c) {
    const char letter = static_cast<char>(c);
    const bool refused = c <= 0x20 || c == 0x7f || std::string_view{"\"<>\\"}.find(letter) != std::string_view::npos;
    EXPECT_EQ(wrong_field_with_url(std::string{"https://a/"} + letter), refused ? "image_url" : "") << c;
  }
  EXPECT_EQ(wrong_field_with_url(std::string{"https://a/\0b", 12}), "image_url");
}

TEST(CheckTerms, ImageUrlIsNotTooLong) {
  EXPECT_EQ(wrong_field_with_url("https://a/" + std::string(1'990, 'b')), "");
  EXPECT_EQ(wrong_field_with_url("https://a/" + std::string(1'991, 'b')), "image_url");
}

// Everything wrong at once, put right field by field: each turn names the next field of api.md's order.
TEST(CheckTerms, NamesTheFirstWrongField) {
  Terms terms;
  terms.title = "";
  terms.opening_price = Amount{-1};
  terms.increment = Increment::preset(IncrementPreset::whatnot, Currency::parse("USD").value()).value();
  terms.currency = Currency::parse("JPY").value();
  terms.reserve = Amount{-1};
  terms.opens_at = Timestamp{-1};
  terms.closes_at = Timestamp{-1};
  terms.soft_close = SoftClose{};
  terms.seller = BidderId::from("a shop").value();
  terms.amount_limit = Amount{-1};
  terms.description.assign(10'001, 'a');
  terms.image_url = "ftp://a";
  const std::vector<std::pair<std::string, std::function<void()>>> in_order = {
      {"title", [&] { terms.title = "a vase"; }},
      {"opening_price", [&] { terms.opening_price = Amount{1}; }},
      {"increment", [&] { terms.increment = Increment{}; }},
      {"reserve", [&] { terms.reserve.reset(); }},
      {"opens_at", [&] { terms.opens_at = Timestamp{1}; }},
      {"closes_at", [&] { terms.closes_at = Timestamp{1'000}; }},
      {"soft_close.window_ms", [&] { terms.soft_close->window = Duration{1}; }},
      {"soft_close.extend_ms", [&] { terms.soft_close->extend = Duration{1}; }},
      {"seller", [&] { terms.seller = BidderId{}; }},
      {"amount_limit", [&] { terms.amount_limit.reset(); }},
      {"description", [&] { terms.description.clear(); }},
      {"image_url", [&] { terms.image_url.clear(); }},
  };
  for (const auto& [field, put_right] : in_order) {
    const auto found = check_terms(terms, now);
    ASSERT_TRUE(found) << field;
    EXPECT_EQ(found->field, field);
    put_right();
  }
  EXPECT_FALSE(check_terms(terms, now));
}

// Every field counts, so that an image with another one is never taken for the same.
TEST(Terms, DifferInAnyField) {
  const Terms terms = plain_terms();
  EXPECT_EQ(terms, plain_terms());
  const std::vector<std::function<void(Terms&)>> changes{
      [](Terms& t) { t.title = "x"; },
      [](Terms& t) { t.description = "x"; },
      [](Terms& t) { t.image_url = "x"; },
      [](Terms& t) { t.currency = Currency::parse("JPY").value(); },
      [](Terms& t) { t.opening_price = Amount{1}; },
      [](Terms& t) { t.increment = Increment::fixed(Amount{1}).value(); },
      [](Terms& t) { t.increment = Increment::table({{std::nullopt, Amount{1}}}).value(); },
      [](Terms& t) { t.reserve = Amount{1}; },
      [](Terms& t) { t.amount_limit = Amount{1}; },
      [](Terms& t) { t.opens_at = Timestamp{1}; },
      [](Terms& t) { t.closes_at = Timestamp{1}; },
      [](Terms& t) { t.soft_close = SoftClose{Duration{1}, Duration{1}, SoftClose::Mode::from_bid, 1}; },
      [](Terms& t) { t.soft_close = SoftClose{Duration{2}, Duration{1}, SoftClose::Mode::from_bid, 1}; },
      [](Terms& t) { t.seller = support::bidder("x"); },
      [](Terms& t) { t.self_outbid = false; },
  };
  std::vector<Terms> all{terms};
  for (const auto& change : changes) change(all.emplace_back(terms));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = 0; k < all.size(); ++k) EXPECT_EQ(all[i] == all[k], i == k) << i << " and " << k;
  }
}

}  // namespace
}  // namespace flashbid
