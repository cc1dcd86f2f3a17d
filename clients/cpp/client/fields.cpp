#include "client/fields.hpp"

#include <fmt/format.h>

namespace flashbid::client {
namespace {

// An element without a document crashes when it is asked; this one may be asked.
simdjson::dom::element json_null() {
  thread_local simdjson::dom::parser parser;
  return parser.parse(std::string_view("null")).value_unsafe();
}

}  // namespace

Fields::Fields(simdjson::dom::element element) {
  if (element.get(object_) != simdjson::SUCCESS) error_ = "it is not a JSON object";
}

void Fields::wrong(std::string_view what, const char* name) {
  if (error_.empty()) error_ = fmt::format("{} is missing or not {}", name, what);
}

simdjson::dom::element Fields::member(const char* name) {
  if (const auto found = find(name)) return *found;
  wrong("there", name);
  return json_null();
}

std::optional<simdjson::dom::element> Fields::find(const char* name) const {
  simdjson::dom::element found;
  if (!good() || object_.at_key(name).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

bool Fields::is_null(const char* name) const {
  const auto found = find(name);
  return found && found->is_null();
}

std::uint64_t Fields::number(const char* name) {
  std::uint64_t value = 0;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a whole number", name);
  return value;
}

std::int64_t Fields::signed_number(const char* name) {
  std::int64_t value = 0;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a whole number", name);
  return value;
}

bool Fields::boolean(const char* name) {
  bool value = false;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("true or false", name);
  return value;
}

std::optional<bool> Fields::boolean_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return boolean(name);
}

std::string_view Fields::text(const char* name) {
  std::string_view value;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a text", name);
  return value;
}

std::optional<std::string_view> Fields::text_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return text(name);
}

Amount Fields::amount(const char* name) {
  const std::int64_t value = signed_number(name);
  if (good() && (value < 0 || value > max_safe_integer)) wrong("an amount", name);
  return Amount(value);
}

std::optional<Amount> Fields::amount_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return amount(name);
}

Timestamp Fields::time(const char* name) {
  const auto time = parse_timestamp(text(name));
  if (!time) wrong("an RFC 3339 time", name);
  return time.value_or(Timestamp{});
}

}  // namespace flashbid::client
