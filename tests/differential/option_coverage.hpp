// Which options of an auction have occurred together: every two and every three of their values are counted, so that a
// stream in which some never met fails. Read from the terms alone. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auction/terms.hpp"

namespace flashbid::differential {

class OptionCoverage {
 public:
  void add(const Terms& terms, Timestamp created_at) {
    const auto values = values_of(terms, created_at);
    for (std::size_t a = 0; a < options.size(); ++a) {
      for (std::size_t b = a + 1; b < options.size(); ++b) {
        ++pairs_[a][b][values[a]][values[b]];
        for (std::size_t c = b + 1; c < options.size(); ++c) ++triples_[index(a, b, c, values)];
      }
    }
    ++auctions_;
  }

  [[nodiscard]] std::int64_t auctions() const { return auctions_; }

  // In words, those that may occur and did not.
  [[nodiscard]] std::vector<std::string> missing_pairs() const {
    std::vector<std::string> missing;
    for_each_pair([&](Value a, Value b) {
      if (pairs_[a.option][b.option][a.value][b.value] == 0) missing.push_back(text_of(a) + ", " + text_of(b));
    });
    return missing;
  }

  [[nodiscard]] std::vector<std::string> missing_triples() const {
    std::vector<std::string> missing;
    for_each_pair([&](Value a, Value b) {
      for (std::size_t option = b.option + 1; option < options.size(); ++option) {
        for (std::size_t value = 0; value < options[option].values.size(); ++value) {
          const Value c{option, value};
          if (!is_possible(c) || excludes(a, c) || excludes(b, c)) continue;
          std::array<std::size_t, option_count> values{};
          values[a.option] = a.value;
          values[b.option] = b.value;
          values[c.option] = c.value;
          if (triples_[index(a.option, b.option, c.option, values)] > 0) continue;
          missing.push_back(text_of(a) + ", " + text_of(b) + ", " + text_of(c));
        }
      }
    });
    return missing;
  }

  // How many pairs and triples there can be.
  [[nodiscard]] static std::pair<std::size_t, std::size_t> possible() {
    const OptionCoverage none;
    return {none.missing_pairs().size(), none.missing_triples().size()};
  }

 private:
  static constexpr std::size_t option_count = 12;
  static constexpr std::size_t most_values = 8;

  struct Option {
    std::string_view name;
    std::array<std::string_view, most_values> values;  // empty = there are no more
  };
  struct Value {
    std::size_t option;
    std::size_t value;
  };
  enum : std::size_t { decimals, increment, opening, reserve, limit, mode, most, lengths, seller, self, opens, closes };

  static constexpr std::array<Option, option_count> options{{
      {"decimals", {"0", "2", "3", "4"}},
      {"increment", {"1", "more", "huge", "one row", "rows", "ebay-us", "yahoo-jp", "whatnot"}},
      {"opening price", {"0", "1", "usual", "near the highest"}},
      {"reserve", {"none", "at most the opening price", "above it", "the highest"}},
      {"amount limit", {"none", "below the opening price", "at it", "above it", "the highest"}},
      {"soft close", {"none", "from_bid", "from_close"}},
      {"max_extensions", {"no soft close", "no limit", "0", "1", "more"}},
      {"extend against window", {"no soft close", "shorter", "equal", "longer"}},
      {"seller", {"none", "named"}},
      {"self_outbid", {"no", "yes"}},
      {"opens", {"before it is created", "then", "later"}},
      {"closes", {"before it is created", "soon", "at the end of time"}},
  }};

  static std::array<std::size_t, option_count> values_of(const Terms& terms, Timestamp created_at) {
    std::array<std::size_t, option_count> values{};
    const Amount opening_price = terms.opening_price;
    const int places = terms.currency.decimals();
    values[decimals] = places == 0 ? 0 : static_cast<std::size_t>(places) - 1;
    values[increment] = increment_of(terms.increment);
    values[opening] = opening_price > Amount{max_safe_integer - 1'001} ? 3
                      : opening_price > Amount{1}                      ? 2
                      : opening_price == Amount{1}                     ? 1
                                                                       : 0;
    if (terms.reserve) values[reserve] = *terms.reserve <= opening_price ? 1 : *terms.reserve < max_amount ? 2 : 3;
    if (terms.amount_limit) {
      const Amount highest = *terms.amount_limit;
      values[limit] = highest < opening_price ? 1 : highest == opening_price ? 2 : highest < max_amount ? 3 : 4;
    }
    if (terms.soft_close) {
      const SoftClose& soft_close = *terms.soft_close;
      values[mode] = soft_close.mode == SoftClose::Mode::from_bid ? 1 : 2;
      values[most] = !soft_close.max_extensions       ? 1
                     : *soft_close.max_extensions > 1 ? 4
                                                      : 2 + *soft_close.max_extensions;
      values[lengths] = soft_close.extend < soft_close.window ? 1 : soft_close.extend == soft_close.window ? 2 : 3;
    }
    values[seller] = terms.seller.empty() ? 0 : 1;
    values[self] = terms.self_outbid ? 1 : 0;
    values[opens] = terms.opens_at < created_at ? 0 : terms.opens_at == created_at ? 1 : 2;
    values[closes] = terms.closes_at <= created_at ? 0 : terms.closes_at < max_timestamp - Duration{10} ? 1 : 2;
    return values;
  }

  static std::size_t increment_of(const Increment& increment) {
    if (increment.kind() == Increment::Kind::preset) {
      return increment.preset_name() == IncrementPreset::ebay_us    ? 5
             : increment.preset_name() == IncrementPreset::yahoo_jp ? 6
                                                                    : 7;
    }
    if (increment.kind() == Increment::Kind::table) return increment.rows().size() == 1 ? 3 : 4;
    const Amount step = increment.fixed_step();
    return step == Amount{1} ? 0 : step < Amount{max_safe_integer / 2} ? 1 : 2;
  }

  static bool is_possible(Value a) { return !options[a.option].values[a.value].empty(); }

  // What no terms, or no moment, can have together.
  static bool excludes(Value a, Value b) {
    if (a.option > b.option) return excludes(b, a);
    const auto are = [&](std::size_t first, std::size_t value, std::size_t second, std::size_t other) {
      return a.option == first && a.value == value && b.option == second && b.value == other;
    };
    // 0.05 of a currency without decimals.
    if (are(decimals, 0, increment, 5)) return true;
    if (are(opening, 0, limit, 1)) return true;
    const bool of_soft_close = a.option >= mode && a.option <= lengths && b.option >= mode && b.option <= lengths;
    if (of_soft_close && (a.value == 0) != (b.value == 0)) return true;
    // It closes after it opens.
    return (are(opens, 1, closes, 0) || are(opens, 2, closes, 0));
  }

  template <class Call>
  static void for_each_pair(Call call) {
    for (std::size_t a = 0; a < options.size(); ++a) {
      for (std::size_t b = a + 1; b < options.size(); ++b) {
        for (std::size_t v = 0; v < most_values; ++v) {
          for (std::size_t w = 0; w < most_values; ++w) {
            const Value first{a, v};
            const Value second{b, w};
            if (is_possible(first) && is_possible(second) && !excludes(first, second)) call(first, second);
          }
        }
      }
    }
  }

  static std::size_t index(std::size_t a, std::size_t b, std::size_t c,
                           const std::array<std::size_t, option_count>& values) {
    const std::size_t place = (a * option_count + b) * option_count + c;
    return ((place * most_values + values[a]) * most_values + values[b]) * most_values + values[c];
  }

  static std::string text_of(Value value) {
    const Option& option = options[value.option];
    return std::string(option.name) + ": " + std::string(option.values[value.value]);
  }

  std::int64_t auctions_ = 0;
  std::uint32_t pairs_[option_count][option_count][most_values][most_values] = {};
  std::vector<std::uint32_t> triples_ =
      std::vector<std::uint32_t>(option_count * option_count * option_count * most_values * most_values * most_values);
};

}  // namespace flashbid::differential
