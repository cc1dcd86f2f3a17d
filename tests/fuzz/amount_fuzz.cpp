// Any text in the place of an amount: it is money exactly if a plain reading of the grammar says so, and then just that
// much. The grammar here is written apart from the decoder's on purpose.
#include <optional>
#include <regex>

#include "fuzz.hpp"
#include "wire/decode.hpp"

namespace flashbid::fuzz {
namespace {

constexpr std::int64_t most = 9'007'199'254'740'991;

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::optional<std::int64_t> within(const std::string& digits) {
  if (digits.size() > 18) return std::nullopt;
  const std::int64_t number = std::stoll(digits);
  return number <= most ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> read_minor_units(const std::string& token) {
  static const std::regex form("0|[1-9][0-9]*");
  return std::regex_match(token, form) ? within(token) : std::nullopt;
}

std::optional<std::int64_t> read_decimal(const std::string& token) {
  static const std::regex form(R"((0|[1-9][0-9]*)(?:\.([0-9]{1,2})0*)?)");
  std::smatch match;
  if (!std::regex_match(token, match, form)) return std::nullopt;
  std::string digits =
      match[1].str() + match[2].str() + std::string(2 - static_cast<std::size_t>(match[2].length()), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return within(digits);
}

void compare(const Decoded<Amount>& decoded, std::optional<std::int64_t> expected) {
  if (!decoded) check_error(decoded.error());
  must(decoded.has_value() == expected.has_value(), "an amount is taken exactly if the grammar says so");
  if (expected) must(decoded->value() == *expected, "an amount is exact");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  if (size > 200) return -1;  // std::regex recurses
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const std::string token = trimmed(text);
  compare(decode_bid(Padded(R"({"amount":)" + text + "}").view()), read_minor_units(token));
  const auto bid = decode_demo_bid(Padded(R"({"item_id":1,"user_id":"A","amount":)" + text + "}").view());
  compare(bid ? Decoded<Amount>(bid->amount) : std::unexpected(bid.error()), read_decimal(token));
  return 0;
}
