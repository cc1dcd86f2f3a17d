#include "base/ids.hpp"

namespace flashbid {
namespace {

constexpr bool is_bidder_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == ':' || c == '@' || c == '-';
}

constexpr bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace

std::optional<BidderId> parse_bidder_id(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_bidder_character)) return std::nullopt;
  return BidderId::from(text);
}

std::optional<IdempotencyKey> parse_idempotency_key(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_visible_ascii)) return std::nullopt;
  return IdempotencyKey::from(text);
}

}  // namespace flashbid
