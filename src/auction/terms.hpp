// What an auction was created with: fixed from its first event on. Values only; checked by check_terms().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auction/increment.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

// How an auction is run. Each format has its own rules file; `decide` picks by this.
enum class Format : std::uint8_t { english };

// How a late bid moves the end.
struct SoftClose {
  enum class Mode : std::uint8_t {
    from_bid,    // to max(closes_at, bid time + extend): Chinese judicial auctions
    from_close,  // to closes_at + extend: Yahoo! Auctions Japan
  };
  Duration window;  // a bid at closes_at - window <= now < closes_at extends
  Duration extend;
  Mode mode = Mode::from_bid;
  std::optional<std::uint32_t> max_extensions;  // none = without limit
  friend bool operator==(const SoftClose&, const SoftClose&) = default;
};

// The most that each text may hold, in bytes of UTF-8.
inline constexpr std::size_t max_title_bytes = 200;
inline constexpr std::size_t max_description_bytes = 10'000;
inline constexpr std::size_t max_image_url_bytes = 2'000;

// The most by which a soft close may reach back from the end, and by which it may move it.
inline constexpr Duration max_soft_close{7 * 86'400'000};

struct Terms {
  std::string title;
  std::string description;
  std::string image_url;  // http or https; empty = none
  Currency currency;
  Format format = Format::english;
  Amount opening_price;
  Increment increment;
  std::optional<Amount> reserve;       // hidden floor to sell
  std::optional<Amount> amount_limit;  // no bid may be higher; below the opening price no bid is taken
  Timestamp opens_at;
  Timestamp closes_at;  // as created; an auction's own closes_at moves by soft close
  std::optional<SoftClose> soft_close;
  BidderId seller;          // may not bid here; empty = none named
  bool self_outbid = true;  // false: the leader's own bids are already_leading
  friend bool operator==(const Terms&, const Terms&) = default;
};

using SharedTerms = std::shared_ptr<const Terms>;

// What is wrong with terms that are to be created at `now`, as the field's name and a sentence.
struct TermsError {
  std::string_view field;
  std::string detail;
};

// All checks of an auction's terms that need no stored state; nullopt = they hold. The texts' sizes are checked too,
// not their UTF-8. The first field that is wrong, in the order of api.md, is named ("soft_close.window_ms").
[[nodiscard]] std::optional<TermsError> check_terms(const Terms& terms, Timestamp now);

}  // namespace flashbid
