#include "wire/request_id.hpp"

#include <algorithm>
#include <random>

namespace flashbid {
namespace {

bool is_harmless(char c) {
  const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return is_letter || (c >= '0' && c <= '9') || std::string_view("._:@+/=-").contains(c);
}

}  // namespace

std::optional<RequestId> RequestId::parse(std::string_view text) {
  if (text.empty() || text.size() > most_bytes || !std::ranges::all_of(text, is_harmless)) return std::nullopt;
  RequestId id;
  std::ranges::copy(text, id.text_.begin());
  id.size_ = static_cast<std::uint8_t>(text.size());
  return id;
}

RequestIds::RequestIds() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  for (std::size_t i = 0; i < random_digits; ++i) text_[i] = digits[random() % digits.size()];
  std::fill(text_.begin() + random_digits, text_.end(), '0');
}

std::string_view RequestIds::next() {
  // The number is counted in its digits: there is nothing to convert.
  for (std::size_t i = text_.size(); i-- > random_digits;) {
    if (text_[i] != '9') {
      ++text_[i];
      break;
    }
    text_[i] = '0';
  }
  return {text_.data(), text_.size()};
}

}  // namespace flashbid
