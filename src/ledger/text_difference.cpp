#include "ledger/text_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace flashbid {
namespace {

constexpr std::size_t most_shown = 120;  // bytes of a value

using Member = std::pair<std::string_view, std::string_view>;  // its name and its value, as they are written

// The text behind the string or the value that `text` begins with; all of it if that never ends.
std::size_t end_of_string(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

std::size_t end_of_value(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) return at;
    if (c == '{' || c == '[') ++depth;
    if (closes) --depth;
    at += c == '"' ? end_of_string(text.substr(at)) : 1;
  }
  return text.size();
}

// The members of an object without white space; none if it is no such object.
std::vector<Member> members_of(std::string_view text) {
  std::vector<Member> members;
  if (!text.starts_with("{\"") || !text.ends_with('}')) return members;
  text.remove_prefix(1);
  while (text.starts_with('"')) {
    const std::size_t name_end = end_of_string(text);
    const std::string_view name = text.substr(1, name_end - 2);
    text.remove_prefix(name_end);
    if (!text.starts_with(':')) return {};
    text.remove_prefix(1);
    const std::size_t value_end = end_of_value(text);
    members.emplace_back(name, text.substr(0, value_end));
    text.remove_prefix(std::min(text.size(), value_end + 1));
  }
  return members;
}

std::string shown(std::string_view value) {
  if (value.size() <= most_shown) return std::string(value);
  std::size_t end = most_shown;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // not within a character
  return std::string(value.substr(0, end)) + "…";
}

TextDifference difference_in(const std::string& place, std::string_view stored, std::string_view right) {
  const std::vector<Member> there = members_of(stored);
  const std::vector<Member> wanted = members_of(right);
  for (std::size_t i = 0; i < std::max(there.size(), wanted.size()); ++i) {
    if (i >= there.size()) return {place + std::string(wanted[i].first), "", shown(wanted[i].second)};
    if (i >= wanted.size()) return {place + std::string(there[i].first), shown(there[i].second), ""};
    const auto& [name, value] = there[i];
    const std::string member = place + std::string(wanted[i].first);
    if (name != wanted[i].first) return {member, fmt::format("\"{}\":{}", name, shown(value)), shown(wanted[i].second)};
    if (value == wanted[i].second) continue;
    if (value.starts_with('{') && wanted[i].second.starts_with('{')) {
      return difference_in(member + '.', value, wanted[i].second);
    }
    return {member, shown(value), shown(wanted[i].second)};
  }
  // Not in their members: what they stand in.
  return {place.empty() ? "" : place.substr(0, place.size() - 1), shown(stored), shown(right)};
}

}  // namespace

std::optional<TextDifference> first_difference(std::string_view stored, std::string_view right) {
  if (stored == right) return std::nullopt;
  return difference_in("", stored, right);
}

std::string describe(const TextDifference& difference, std::string_view who) {
  const std::string what = difference.member.empty() ? "" : difference.member + ": ";
  const auto or_nothing = [](const std::string& value) { return value.empty() ? "nothing" : value; };
  return fmt::format("{}{} {}, stored is {}", what, who, or_nothing(difference.right), or_nothing(difference.stored));
}

}  // namespace flashbid
