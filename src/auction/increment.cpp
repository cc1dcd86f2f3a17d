#include "auction/increment.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace flashbid {
namespace {

// eBay, "Bid increments" (US): https://www.ebay.com/help/buying/bidding/automatic-bidding?id=4014
// 0.01-0.99: 0.05; 1.00-4.99: 0.25; 5.00-24.99: 0.50; 25.00-99.99: 1.00; 100.00-249.99: 2.50; 250.00-499.99: 5.00;
// 500.00-999.99: 10.00; 1,000.00-2,499.99: 25.00; 2,500.00-4,999.99: 50.00; 5,000.00 and up: 100.00.
constexpr std::array<PublishedRow, 10> ebay_us_rows{{{1, 5},
                                                     {5, 25},
                                                     {25, 50},
                                                     {100, 100},
                                                     {250, 250},
                                                     {500, 500},
                                                     {1'000, 1'000},
                                                     {2'500, 2'500},
                                                     {5'000, 5'000},
                                                     {0, 10'000}}};

// Yahoo! Auctions Japan, "入札単位" (bid units), yen: https://help.yahoo.co.jp/help/jp/auct/bid/bid-14.html
// 1-999: 10; 1,000-4,999: 100; 5,000-9,999: 250; 10,000-49,999: 500; 50,000 and up: 1,000.
constexpr std::array<PublishedRow, 5> yahoo_jp_rows{
    {{1'000, 1'000}, {5'000, 10'000}, {10'000, 25'000}, {50'000, 50'000}, {0, 100'000}}};

// Whatnot, "Bid increments", dollars: https://help.whatnot.com/hc/en-us/articles/14932924544141-Bidding-Overview
// 1 from 1; 2 from 30; 3 from 50; 5 from 100; 10 from 300; 20 from 1,000; 50 from 2,000. Below 1 the first step holds.
constexpr std::array<PublishedRow, 7> whatnot_rows{
    {{30, 100}, {50, 200}, {100, 300}, {300, 500}, {1'000, 1'000}, {2'000, 2'000}, {0, 5'000}}};

bool in_range(Amount amount) { return amount >= Amount{1} && amount <= max_amount; }

// Bounds strictly rise and only the last row has none; every number is in range.
bool well_formed(const std::vector<IncrementRow>& rows) {
  if (rows.empty() || rows.size() > Increment::max_rows || rows.back().below) return false;
  Amount last_bound{0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!in_range(rows[i].step)) return false;
    if (i + 1 == rows.size()) break;
    const auto below = rows[i].below;
    if (!below || !in_range(*below) || *below <= last_bound) return false;
    last_bound = *below;
  }
  return true;
}

}  // namespace

std::string_view to_text(IncrementPreset preset) {
  switch (preset) {
    case IncrementPreset::none:
      return "";
    case IncrementPreset::ebay_us:
      return "ebay-us";
    case IncrementPreset::yahoo_jp:
      return "yahoo-jp";
    case IncrementPreset::whatnot:
      return "whatnot";
  }
  return "";
}

std::span<const PublishedRow> published_rows(IncrementPreset preset) {
  switch (preset) {
    case IncrementPreset::none:
      return {};
    case IncrementPreset::ebay_us:
      return ebay_us_rows;
    case IncrementPreset::yahoo_jp:
      return yahoo_jp_rows;
    case IncrementPreset::whatnot:
      return whatnot_rows;
  }
  return {};
}

std::string_view source_of(IncrementPreset preset) {
  switch (preset) {
    case IncrementPreset::none:
      return "";
    case IncrementPreset::ebay_us:
      return "https://www.ebay.com/help/buying/bidding/automatic-bidding?id=4014";
    case IncrementPreset::yahoo_jp:
      return "https://help.yahoo.co.jp/help/jp/auct/bid/bid-14.html";
    case IncrementPreset::whatnot:
      return "https://help.whatnot.com/hc/en-us/articles/14932924544141-Bidding-Overview";
  }
  return "";
}

std::optional<IncrementPreset> parse_increment_preset(std::string_view name) {
  for (const auto preset : increment_presets) {
    if (name == to_text(preset)) return preset;
  }
  return std::nullopt;
}

Increment::Increment() = default;

std::optional<Increment> Increment::fixed(Amount step) {
  if (!in_range(step)) return std::nullopt;
  Increment made;
  made.step_ = step;
  return made;
}

std::optional<Increment> Increment::table(std::vector<IncrementRow> rows) {
  if (!well_formed(rows)) return std::nullopt;
  Increment made;
  made.rows_ = std::make_shared<const std::vector<IncrementRow>>(std::move(rows));
  return made;
}

std::optional<Increment> Increment::preset(IncrementPreset preset, const Currency& currency) {
  std::int64_t minor_per_major = 1;
  for (int i = 0; i < currency.decimals(); ++i) minor_per_major *= 10;

  std::vector<IncrementRow> rows;
  for (const auto& [below, step_hundredths] : published_rows(preset)) {
    const std::int64_t step_scaled = step_hundredths * minor_per_major;
    if (step_scaled % 100 != 0) return std::nullopt;
    std::optional<Amount> bound;
    if (below != 0) bound = Amount{below * minor_per_major};
    rows.push_back({bound, Amount{step_scaled / 100}});
  }
  auto made = table(std::move(rows));
  if (made) made->preset_ = preset;
  return made;
}

Amount Increment::step_at(Amount price) const {
  if (!rows_) return step_;
  const auto is_passed = [price](const IncrementRow& row) { return row.below && *row.below <= price; };
  return std::ranges::partition_point(*rows_, is_passed)->step;
}

std::optional<Amount> Increment::minimum_next(Amount price) const {
  const Amount step = step_at(price);
  if (price.value() > max_amount.value() - step.value()) return std::nullopt;
  return Amount{price.value() + step.value()};
}

Increment::Kind Increment::kind() const {
  if (preset_ != IncrementPreset::none) return Kind::preset;
  return rows_ ? Kind::table : Kind::fixed;
}

const std::vector<IncrementRow>& Increment::rows() const {
  static const std::vector<IncrementRow> no_rows;
  return rows_ ? *rows_ : no_rows;
}

bool operator==(const Increment& a, const Increment& b) {
  return a.step_ == b.step_ && a.preset_ == b.preset_ && a.rows() == b.rows();
}

}  // namespace flashbid
