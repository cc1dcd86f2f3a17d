#include "wire/decode.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/json_object.hpp"

namespace flashbid {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 16 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > max_whole) return std::nullopt;
  return number;
}

// ---- queries ----------------------------------------------------------------------------------------------------

// Walks `name=value&…` and calls take(name, value); values are plain (ids, numbers, words), so nothing is decoded.
template <class Take>
FieldError each_parameter(std::string_view query, std::span<const std::string_view> names, Take take) {
  std::uint32_t seen = 0;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    const auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      return WireError{ErrorCode::invalid_query, "there is no parameter " + quote_excerpt(name) + " here"};
    }
    const std::uint32_t bit = 1U << (known - names.begin());
    if ((seen & bit) != 0) {
      return WireError{ErrorCode::invalid_query, "\"" + std::string(name) + "\" stands twice; give it once"};
    }
    seen |= bit;
    if (value.empty() || !take(name, value)) {
      return WireError{ErrorCode::invalid_query, "\"" + std::string(name) + "\" cannot be " + quote_excerpt(value)};
    }
  }
  return std::nullopt;
}

bool take_limit(std::string_view value, std::size_t& out) {
  const auto number = parse_number(value);
  if (!number || *number < 1 || *number > 1000) return false;
  out = *number;
  return true;
}

// ---- the original demo ------------------------------------------------------------------------------------------

// A decimal of at most two places, exactly as written, in fen: 105.5 -> 10550.
FieldError take_decimal(std::string_view name, JsonValue value, Amount& out) {
  const WireError wrong{
      ErrorCode::invalid_amount,
      "\"" + std::string(name) + "\" must be a decimal number with at most two places, such as 105.50"};
  std::string_view token = value.raw_json_token();
  while (!token.empty() && token.back() <= ' ') token.remove_suffix(1);
  const std::size_t point = std::min(token.find('.'), token.size());
  const std::string_view whole = token.substr(0, point);
  std::string_view places = token.substr(std::min(point + 1, token.size()));
  if (point < token.size() && places.empty()) return wrong;
  while (places.size() > 2 && places.back() == '0') places.remove_suffix(1);
  if (places.size() > 2) return wrong;
  const auto major = parse_number(whole);
  std::uint64_t minor = 0;
  for (const char c : places) {
    if (c < '0' || c > '9') return wrong;
    minor = minor * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (places.size() == 1) minor *= 10;
  if (!major || *major > (max_whole - minor) / 100) return wrong;
  out = Amount{static_cast<std::int64_t>(*major * 100 + minor)};
  double ignored = 0;
  if (const auto code = value.get_double().get(ignored)) return detail::explain_json(code);
  return std::nullopt;
}

}  // namespace

Decoded<Amount> decode_bid(std::string_view json) {
  static constexpr std::array<FieldSpec, 1> specs{{{"amount", true}}};
  Amount amount;
  auto error =
      read_object(json, specs, [&](std::size_t, JsonValue value) { return take_amount("amount", value, amount); });
  if (error) return std::unexpected(*std::move(error));
  return amount;
}

std::optional<WireError> decode_nothing(std::string_view json) {
  if (json.empty()) return std::nullopt;
  return read_object(json, {}, [](std::size_t, JsonValue) -> FieldError { return std::nullopt; });
}

Decoded<DemoInit> decode_demo_init(std::string_view json) {
  static constexpr std::array<FieldSpec, 2> specs{{{"item_id", true}, {"start_price", true}}};
  DemoInit init;
  auto error = read_object(json, specs, [&](std::size_t index, JsonValue value) {
    return index == 0 ? take_auction_id("item_id", value, init.item)
                      : take_decimal("start_price", value, init.start_price);
  });
  if (error) return std::unexpected(*std::move(error));
  return init;
}

Decoded<DemoBid> decode_demo_bid(std::string_view json) {
  static constexpr std::array<FieldSpec, 3> specs{{{"item_id", true}, {"user_id", true}, {"amount", true}}};
  DemoBid bid;
  auto error = read_object(json, specs, [&](std::size_t index, JsonValue value) {
    if (index == 0) return take_auction_id("item_id", value, bid.item);
    if (index == 1) return take_bidder("user_id", value, bid.user);
    return take_decimal("amount", value, bid.amount);
  });
  if (error) return std::unexpected(*std::move(error));
  return bid;
}

std::optional<AuctionId> parse_auction_id(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0) return std::nullopt;
  return AuctionId{*number};
}

Decoded<PageQuery> decode_page_query(std::string_view query) {
  static constexpr std::array<std::string_view, 2> names{"after_sequence", "limit"};
  PageQuery page;
  auto error = each_parameter(query, names, [&](std::string_view name, std::string_view value) {
    if (name == "limit") return take_limit(value, page.limit);
    const auto number = parse_number(value);
    if (number) page.after = Sequence{*number};
    return number.has_value();
  });
  if (error) return std::unexpected(*std::move(error));
  return page;
}

Decoded<ListQuery> decode_list_query(std::string_view query) {
  static constexpr std::array<std::string_view, 3> names{"state", "limit", "cursor"};
  ListQuery list;
  auto error = each_parameter(query, names, [&](std::string_view name, std::string_view value) {
    if (name == "limit") return take_limit(value, list.limit);
    if (name == "state") {
      list.state = parse_auction_state(value);
      return list.state.has_value();
    }
    const auto after = parse_auction_id(value);
    if (after) list.after = *after;
    return after.has_value();
  });
  if (error) return std::unexpected(*std::move(error));
  return list;
}

Decoded<std::optional<Currency>> decode_increments_query(std::string_view query) {
  static constexpr std::array<std::string_view, 1> names{"currency"};
  std::optional<Currency> currency;
  auto error = each_parameter(query, names, [&](std::string_view, std::string_view value) {
    currency = Currency::parse(value);
    return currency.has_value();
  });
  if (error) return std::unexpected(*std::move(error));
  return currency;
}

std::optional<ResumePoint> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto epoch_number = parse_number(text.substr(0, dash));
  const auto sequence = parse_number(text.substr(dash + 1));
  if (!epoch_number || *epoch_number == 0 || !sequence) return std::nullopt;
  return ResumePoint{Epoch{*epoch_number}, Sequence{*sequence}};
}

std::string fingerprint_of(std::string_view body) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < digest.size() / 2; ++i) {
    text += digits[digest[i] >> 4U];
    text += digits[digest[i] & 15U];
  }
  return text;
}

}  // namespace flashbid
