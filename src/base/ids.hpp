// Strong ids and quantities: each is a type of its own, so that a sequence is never passed as an auction id.
// Plain values: any thread may use them; they never allocate.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>

namespace flashbid {

// A number of its own kind. Comparable, hashable, explicit to make and to take apart.
template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;
  [[nodiscard]] constexpr Strong next() const { return Strong(value_ + 1); }

 private:
  Rep value_{};
};

using AuctionId = Strong<struct AuctionIdTag, std::uint64_t>;  // positive, at most 2^53-1
using Sequence = Strong<struct SequenceTag, std::uint64_t>;    // gapless from 1 per auction; 0 = before any event
using Epoch = Strong<struct EpochTag, std::uint64_t>;          // incarnation of the ledger, from 1

// Money in integer minor units of the auction's currency, 0 … max. Doubles of Lua and JavaScript hold all of it
// exactly.
using Amount = Strong<struct AmountTag, std::int64_t>;
inline constexpr std::int64_t max_safe_integer = (std::int64_t{1} << 53) - 1;
inline constexpr Amount max_amount{max_safe_integer};
inline constexpr AuctionId max_auction_id{static_cast<std::uint64_t>(max_safe_integer)};

// A short text held in place: no allocation, cheap to copy, at most N bytes (N <= 255).
template <class Tag, std::size_t N>
class InlineText {
 public:
  static constexpr std::size_t max_size = N;
  constexpr InlineText() = default;

  // Empty optional if `text` is longer than N bytes. The caller has checked the alphabet.
  [[nodiscard]] static constexpr std::optional<InlineText> from(std::string_view text) {
    if (text.size() > N) return std::nullopt;
    InlineText made;
    std::copy(text.begin(), text.end(), made.bytes_.begin());
    made.size_ = static_cast<std::uint8_t>(text.size());
    return made;
  }

  [[nodiscard]] constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  friend constexpr bool operator==(const InlineText& a, const InlineText& b) { return a.view() == b.view(); }
  friend constexpr auto operator<=>(const InlineText& a, const InlineText& b) { return a.view() <=> b.view(); }

 private:
  std::array<char, N> bytes_{};
  std::uint8_t size_ = 0;
};

using BidderId = InlineText<struct BidderIdTag, 64>;              // 1-64 of A-Z a-z 0-9 . _ : @ -; empty = nobody
using IdempotencyKey = InlineText<struct IdempotencyKeyTag, 64>;  // 1-64 visible ASCII; empty = none given

// Whether `text` is a bidder id: 1-64 of `A-Z a-z 0-9 . _ : @ -`.
[[nodiscard]] std::optional<BidderId> parse_bidder_id(std::string_view text);
// Whether `text` is an idempotency key: 1-64 visible ASCII characters.
[[nodiscard]] std::optional<IdempotencyKey> parse_idempotency_key(std::string_view text);

}  // namespace flashbid

template <class Tag, class Rep>
struct std::hash<flashbid::Strong<Tag, Rep>> {
  std::size_t operator()(flashbid::Strong<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
