// Strict reading of one JSON object of a request: every field known, none twice, none missing, each of its type.
// On simdjson's On-Demand; pure; a reader belongs to one thread.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "wire/errors.hpp"

namespace flashbid {

// Behind a text that is to be parsed so many bytes may be read.
inline constexpr std::size_t json_padding = simdjson::SIMDJSON_PADDING;

struct FieldSpec {
  std::string_view name;
  bool required = false;
};

using JsonValue = simdjson::ondemand::value;
inline constexpr std::uint64_t max_whole = static_cast<std::uint64_t>(max_safe_integer);

using FieldError = std::optional<WireError>;  // none = the value was taken

// Reads `json` (json_padding readable bytes behind it) as an object with the fields of `specs` and calls
// `take(index, value)` for each that is there, in the order of the text.
template <class Take>
[[nodiscard]] FieldError read_object(std::string_view json, std::span<const FieldSpec> specs, Take take);
// The same for an object that is the value of a field: errors name that before their own, "soft_close.mode".
template <class Take>
[[nodiscard]] FieldError read_object(std::string_view inside, simdjson::ondemand::object object,
                                     std::span<const FieldSpec> specs, Take take);

// The values. `name` is the field's, for the error's sentence.
[[nodiscard]] FieldError take_amount(std::string_view name, JsonValue value, Amount& out);
[[nodiscard]] FieldError take_amount_or_null(std::string_view name, JsonValue value, std::optional<Amount>& out);
// A whole number least … most.
[[nodiscard]] FieldError take_integer(std::string_view name, JsonValue value, std::uint64_t least, std::uint64_t most,
                                      std::uint64_t& out);
// A text of at most `most_bytes`. The view is good until the parser's next document.
[[nodiscard]] FieldError take_text(std::string_view name, JsonValue value, std::size_t most_bytes,
                                   std::string_view& out);
[[nodiscard]] FieldError take_own_text(std::string_view name, JsonValue value, std::size_t most_bytes,
                                       std::string& out);
[[nodiscard]] FieldError take_auction_id(std::string_view name, JsonValue value, AuctionId& out);
[[nodiscard]] FieldError take_bool(std::string_view name, JsonValue value, bool& out);
[[nodiscard]] FieldError take_time(std::string_view name, JsonValue value, Timestamp& out);
[[nodiscard]] FieldError take_bidder(std::string_view name, JsonValue value, BidderId& out);
[[nodiscard]] bool is_null(JsonValue& value);

[[nodiscard]] WireError wrong_type(std::string_view name, std::string_view wanted);
[[nodiscard]] WireError wrong_value(std::string_view name, std::string detail);

namespace detail {
[[nodiscard]] WireError explain_json(simdjson::error_code code);
[[nodiscard]] WireError duplicate_field(std::string_view inside, std::string_view name);
[[nodiscard]] WireError unknown_field(std::string_view inside, std::string_view name, std::span<const FieldSpec> specs);
[[nodiscard]] simdjson::ondemand::parser& parser_of_this_thread();
[[nodiscard]] std::optional<std::size_t> index_of(std::string_view name, std::span<const FieldSpec> specs);
[[nodiscard]] FieldError check_required(std::string_view inside, std::span<const FieldSpec> specs, std::uint64_t seen);
}  // namespace detail

template <class Take>
FieldError read_object(std::string_view inside, simdjson::ondemand::object object, std::span<const FieldSpec> specs,
                       Take take) {
  std::uint64_t seen = 0;  // a bit a field; no request has 64
  for (auto found : object) {
    simdjson::ondemand::field field;
    if (const auto code = std::move(found).get(field)) return detail::explain_json(code);
    std::string_view name;
    if (const auto code = field.unescaped_key().get(name)) return detail::explain_json(code);
    const auto index = detail::index_of(name, specs);
    if (!index) return detail::unknown_field(inside, name, specs);
    const std::uint64_t bit = std::uint64_t{1} << *index;
    if ((seen & bit) != 0) return detail::duplicate_field(inside, name);
    seen |= bit;
    if (auto error = take(*index, field.value())) return error;
  }
  return detail::check_required(inside, specs, seen);
}

template <class Take>
FieldError read_object(std::string_view json, std::span<const FieldSpec> specs, Take take) {
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(json.data(), json.size(), json.size() + json_padding);
  if (const auto code = detail::parser_of_this_thread().iterate(padded).get(document)) {
    return detail::explain_json(code);
  }
  simdjson::ondemand::object object;
  if (const auto code = document.get_object().get(object)) return detail::explain_json(code);
  if (auto error = read_object({}, object, specs, std::move(take))) return error;
  // Only at the very end there is no location any more.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return WireError{ErrorCode::invalid_json, "there is something behind the JSON object"};
  return std::nullopt;
}

}  // namespace flashbid
