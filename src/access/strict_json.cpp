#include "access/strict_json.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace flashbid::access {

std::optional<JsonObject> parse_object(simdjson::dom::parser& parser, std::string_view json) {
  if (parser.max_depth() != json_depth && parser.allocate(json.size() + 1, json_depth) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  JsonElement document;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  JsonObject object;
  if (document.get_object().get(object) != simdjson::SUCCESS || !has_unique_members(object)) return std::nullopt;
  return object;
}

bool has_unique_members(JsonObject object) {
  std::vector<std::string_view> names;
  for (const auto field : object) names.push_back(field.key);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end();
}

std::optional<JsonElement> member(JsonObject object, std::string_view name) {
  for (const auto field : object) {
    if (field.key == name) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> text_of(JsonElement element) {
  std::string_view text;
  if (element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<Timestamp> date_of(JsonElement element) {
  if (!element.is_number()) return std::nullopt;
  double seconds = 0;
  if (element.get_double().get(seconds) != simdjson::SUCCESS) return std::nullopt;
  // Up to there a double tells milliseconds apart. What is no number is neither below nor above.
  constexpr double most_seconds = static_cast<double>(max_timestamp.ms / 1'000);
  if (!(seconds >= 0 && seconds <= most_seconds)) return std::nullopt;
  return Timestamp{std::llround(seconds * 1'000)};
}

}  // namespace flashbid::access
