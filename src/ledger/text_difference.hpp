// Where two JSON texts of one grammar differ, for those who say what is wrong with a stored text. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flashbid {

struct TextDifference {
  std::string member;  // its place: "leader", "terms.title"; empty = the texts whole
  std::string stored;  // its value there as JSON, cut if it is long; empty = it is missing
  std::string right;
};

// The first member in which `stored` differs from `right`; none if they are the same, byte for byte. `right` is ours;
// `stored` may be anything.
[[nodiscard]] std::optional<TextDifference> first_difference(std::string_view stored, std::string_view right);

// The same as a sentence: `minimum_next: the rules say 1800, stored is 1900`. `who` says what is right.
[[nodiscard]] std::string describe(const TextDifference& difference, std::string_view who);

}  // namespace flashbid
