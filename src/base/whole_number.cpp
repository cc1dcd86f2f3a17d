#include "base/whole_number.hpp"

#include <charconv>

namespace flashbid {

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, wrong] = std::from_chars(digits.data(), end, number);
  if (wrong != std::errc() || stop != end || digits.empty()) return std::nullopt;
  return number;
}

}  // namespace flashbid
