#include "wire/json_object.hpp"

#include <algorithm>

namespace flashbid {
namespace {

using simdjson::ondemand::json_type;

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }
std::string quoted_path(std::string_view inside, std::string_view name) {
  return "\"" + std::string(inside) + (inside.empty() ? "" : ".") + std::string(name) + "\"";
}

// The value's own characters, without the white space behind them.
std::string_view token_of(JsonValue& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

// A whole number without sign, fraction, exponent or leading zero, at most `most`; nullopt otherwise.
std::optional<std::uint64_t> parse_whole(std::string_view token, std::uint64_t most) {
  if (token.empty() || token.size() > 16 || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number > most) return std::nullopt;
  return number;
}

// Digits alone: no sign, fraction or exponent.
bool is_whole(std::string_view token) {
  return std::ranges::all_of(token, [](char c) { return c >= '0' && c <= '9'; });
}

// Moves the document past a number that was read from its token.
FieldError pass_number(JsonValue& value) {
  double ignored = 0;
  if (const auto code = value.get_double().get(ignored)) return detail::explain_json(code);
  return std::nullopt;
}

WireError not_an_amount(std::string_view name) {
  return {ErrorCode::invalid_amount,
          quoted(name) +
              " is not an amount: a whole number of minor units, 0 … 9007199254740991, such as 10550 for 105.50"};
}

}  // namespace

namespace detail {

WireError explain_json(simdjson::error_code code) {
  if (code == simdjson::UTF8_ERROR) return {ErrorCode::invalid_utf8, "the text is not valid UTF-8"};
  if (code == simdjson::EMPTY) return {ErrorCode::invalid_json, "the body is empty; a JSON object is expected"};
  if (code == simdjson::INCORRECT_TYPE) return {ErrorCode::invalid_json, "a JSON object is expected: {…}"};
  if (code == simdjson::DEPTH_ERROR) return {ErrorCode::invalid_json, "the JSON is nested too deeply"};
  return {ErrorCode::invalid_json, "the text is not valid JSON"};
}

WireError duplicate_field(std::string_view inside, std::string_view name) {
  return {ErrorCode::duplicate_field, quoted_path(inside, name) + " stands twice; give it once"};
}

WireError unknown_field(std::string_view inside, std::string_view name, std::span<const FieldSpec> specs) {
  std::string detail =
      "there is no field " + quote_excerpt(name) + (inside.empty() ? " here" : " in " + quoted(inside));
  detail += "; the fields are ";
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (i > 0) detail += ", ";
    detail += specs[i].name;
  }
  return {ErrorCode::unknown_field, std::move(detail)};
}

simdjson::ondemand::parser& parser_of_this_thread() {
  thread_local simdjson::ondemand::parser parser;
  return parser;
}

std::optional<std::size_t> index_of(std::string_view name, std::span<const FieldSpec> specs) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].name == name) return i;
  }
  return std::nullopt;
}

FieldError check_required(std::string_view inside, std::span<const FieldSpec> specs, std::uint64_t seen) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].required && (seen & (std::uint64_t{1} << i)) == 0) {
      return WireError{ErrorCode::missing_field, quoted_path(inside, specs[i].name) + " is required"};
    }
  }
  return std::nullopt;
}

}  // namespace detail

WireError wrong_type(std::string_view name, std::string_view wanted) {
  return {ErrorCode::invalid_type, quoted(name) + " must be " + std::string(wanted)};
}

WireError wrong_value(std::string_view name, std::string detail) {
  return {ErrorCode::invalid_value, quoted(name) + ": " + std::move(detail)};
}

bool is_null(JsonValue& value) {
  bool null = false;
  return !value.is_null().get(null) && null;
}

FieldError take_amount(std::string_view name, JsonValue value, Amount& out) {
  const auto number = parse_whole(token_of(value), static_cast<std::uint64_t>(max_safe_integer));
  if (!number) return not_an_amount(name);
  out = Amount{static_cast<std::int64_t>(*number)};
  return pass_number(value);
}

FieldError take_amount_or_null(std::string_view name, JsonValue value, std::optional<Amount>& out) {
  if (is_null(value)) {
    out.reset();
    return std::nullopt;
  }
  return take_amount(name, value, out.emplace());
}

FieldError take_integer(std::string_view name, JsonValue value, std::uint64_t least, std::uint64_t most,
                        std::uint64_t& out) {
  json_type type{};
  if (const auto code = value.type().get(type)) return detail::explain_json(code);
  if (type != json_type::number) return wrong_type(name, "a whole number");
  if (!is_whole(token_of(value))) return wrong_type(name, "a whole number");
  const auto number = parse_whole(token_of(value), most);
  if (!number || *number < least) {
    return wrong_value(name, "a whole number " + std::to_string(least) + " … " + std::to_string(most) + " is expected");
  }
  out = *number;
  return pass_number(value);
}

FieldError take_text(std::string_view name, JsonValue value, std::size_t most_bytes, std::string_view& out) {
  json_type type{};
  if (const auto code = value.type().get(type)) return detail::explain_json(code);
  if (type != json_type::string) return wrong_type(name, "a text");
  if (const auto code = value.get_string().get(out)) return detail::explain_json(code);
  if (out.size() > most_bytes) {
    return wrong_value(name, "the text has " + std::to_string(out.size()) + " bytes, at most " +
                                 std::to_string(most_bytes) + " are allowed");
  }
  return std::nullopt;
}

FieldError take_own_text(std::string_view name, JsonValue value, std::size_t most_bytes, std::string& out) {
  std::string_view text;
  if (auto error = take_text(name, value, most_bytes, text)) return error;
  out = text;
  return std::nullopt;
}

FieldError take_auction_id(std::string_view name, JsonValue value, AuctionId& out) {
  std::uint64_t id = 0;
  if (auto error = take_integer(name, value, 1, max_whole, id)) return error;
  out = AuctionId{id};
  return std::nullopt;
}

FieldError take_bool(std::string_view name, JsonValue value, bool& out) {
  json_type type{};
  if (const auto code = value.type().get(type)) return detail::explain_json(code);
  if (type != json_type::boolean) return wrong_type(name, "true or false");
  if (const auto code = value.get_bool().get(out)) return detail::explain_json(code);
  return std::nullopt;
}

FieldError take_time(std::string_view name, JsonValue value, Timestamp& out) {
  std::string_view text;
  if (auto error = take_text(name, value, 64, text)) return error;
  const auto time = parse_timestamp(text);
  if (!time) return wrong_value(name, "an RFC 3339 time is expected, such as 2026-01-31T08:00:00.000Z");
  out = *time;
  return std::nullopt;
}

FieldError take_bidder(std::string_view name, JsonValue value, BidderId& out) {
  std::string_view text;
  if (auto error = take_text(name, value, 1024, text)) return error;
  const auto bidder = parse_bidder_id(text);
  if (!bidder) return wrong_value(name, "a bidder id is 1-64 of A-Z a-z 0-9 . _ : @ -");
  out = *bidder;
  return std::nullopt;
}

}  // namespace flashbid
