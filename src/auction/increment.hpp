// By how much a bid must beat the standing price: a fixed step, a table, or a named preset. Values only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "auction/currency.hpp"
#include "base/ids.hpp"

namespace flashbid {

// One row: `step` is in force while the price is below `below`; the last row has no `below`.
struct IncrementRow {
  std::optional<Amount> below;
  Amount step;
  friend bool operator==(const IncrementRow&, const IncrementRow&) = default;
};

// Published increment tables, in major units of the currency:
//   ebay-us   0.05 below 1.00, 0.25 below 5, 0.50 below 25, 1 below 100, 2.50 below 250, 5 below 500, 10 below 1,000,
//             25 below 2,500, 50 below 5,000, 100 above
//             (eBay, "Bid increments": https://www.ebay.com/help/buying/bidding/automatic-bidding?id=4014)
//   yahoo-jp  10 below 1,000, 100 below 5,000, 250 below 10,000, 500 below 50,000, 1,000 above
//             (Yahoo! Auctions Japan, bid units: https://help.yahoo.co.jp/help/jp/auct/bid/bid-14.html)
//   whatnot   1 from 1, 2 from 30, 3 from 50, 5 from 100, 10 from 300, 20 from 1,000, 50 from 2,000; below 1 also 1
//             (Whatnot, "Bidding Overview": https://help.whatnot.com/hc/en-us/articles/14932924544141-Bidding-Overview)
enum class IncrementPreset : std::uint8_t { none, ebay_us, yahoo_jp, whatnot };
inline constexpr std::array increment_presets{IncrementPreset::ebay_us, IncrementPreset::yahoo_jp,
                                              IncrementPreset::whatnot};

// A row as published: major units of the currency for the bound, hundredths of them for the step; 0 = no bound.
struct PublishedRow {
  std::int64_t below;
  std::int64_t step_hundredths;
};
[[nodiscard]] std::span<const PublishedRow> published_rows(IncrementPreset preset);
// The page on which its house publishes it; empty for none.
[[nodiscard]] std::string_view source_of(IncrementPreset preset);

// The preset's name on the wire ("ebay-us"); empty for none.
[[nodiscard]] std::string_view to_text(IncrementPreset preset);
[[nodiscard]] std::optional<IncrementPreset> parse_increment_preset(std::string_view name);

// Cheap to copy; a table is shared between the auctions and copies that use it.
class Increment {
 public:
  enum class Kind : std::uint8_t { fixed, table, preset };
  static constexpr std::size_t max_rows = 100;

  // A fixed step of 1.
  Increment();
  // nullopt unless 1 <= step <= max_amount.
  [[nodiscard]] static std::optional<Increment> fixed(Amount step);
  // nullopt unless 1 … max_rows rows, every step >= 1, `below` strictly rising from 1, only the last without `below`,
  // and no number above max_amount.
  [[nodiscard]] static std::optional<Increment> table(std::vector<IncrementRow> rows);
  // nullopt if a step or a bound does not come out whole in the currency's minor units (0.05 in JPY).
  [[nodiscard]] static std::optional<Increment> preset(IncrementPreset preset, const Currency& currency);

  // The step in force at `price`.
  [[nodiscard]] Amount step_at(Amount price) const;
  // The lowest amount that beats `price`; nullopt if it would exceed max_amount.
  [[nodiscard]] std::optional<Amount> minimum_next(Amount price) const;

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] IncrementPreset preset_name() const { return preset_; }
  // The rows of a table or preset; empty for a fixed step.
  [[nodiscard]] const std::vector<IncrementRow>& rows() const;
  [[nodiscard]] Amount fixed_step() const { return step_; }
  friend bool operator==(const Increment& a, const Increment& b);

 private:
  Amount step_{1};
  IncrementPreset preset_ = IncrementPreset::none;
  std::shared_ptr<const std::vector<IncrementRow>> rows_;  // null = fixed step
};

}  // namespace flashbid
