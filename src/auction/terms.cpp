#include "auction/terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace flashbid {
namespace {

using Found = std::optional<TermsError>;

bool in_range(Amount amount) { return amount >= Amount{0} && amount <= max_amount; }

Found check_amount(std::string_view field, std::optional<Amount> amount) {
  if (!amount || in_range(*amount)) return std::nullopt;
  return TermsError{field, fmt::format("{} is an integer of minor units between 0 and {}", field, max_safe_integer)};
}

Found check_size(std::string_view field, std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::nullopt;
  return TermsError{field, fmt::format("{} is at most {} bytes long, not {}", field, max_bytes, text.size())};
}

Found check_title(const Terms& terms, Timestamp) {
  if (terms.title.empty()) return TermsError{"title", "title is not empty"};
  return check_size("title", terms.title, max_title_bytes);
}

Found check_opening_price(const Terms& terms, Timestamp) { return check_amount("opening_price", terms.opening_price); }

// A preset's steps depend on the currency: those of another one would be wrong by powers of ten.
Found check_increment(const Terms& terms, Timestamp) {
  if (terms.increment.kind() != Increment::Kind::preset) return std::nullopt;
  if (Increment::preset(terms.increment.preset_name(), terms.currency) == terms.increment) return std::nullopt;
  return TermsError{"increment", "increment is a preset scaled by the auction's own currency"};
}

Found check_reserve(const Terms& terms, Timestamp) { return check_amount("reserve", terms.reserve); }

Found check_opens_at(const Terms& terms, Timestamp) {
  if (terms.opens_at >= Timestamp{0} && terms.opens_at <= max_timestamp) return std::nullopt;
  return TermsError{"opens_at", "opens_at is a moment between 1970 and 9999"};
}

Found check_closes_at(const Terms& terms, Timestamp now) {
  if (terms.closes_at > max_timestamp) return TermsError{"closes_at", "closes_at is a moment between 1970 and 9999"};
  if (terms.closes_at <= now) return TermsError{"closes_at", "closes_at is in the future"};
  if (terms.closes_at <= terms.opens_at) return TermsError{"closes_at", "closes_at is after opens_at"};
  return std::nullopt;
}

Found check_soft_close_length(std::string_view field, Duration length) {
  if (length > Duration{0} && length <= max_soft_close) return std::nullopt;
  return TermsError{field, fmt::format("{} is between 1 and {}", field, max_soft_close.ms)};
}

Found check_soft_close(const Terms& terms, Timestamp) {
  if (!terms.soft_close) return std::nullopt;
  if (auto found = check_soft_close_length("soft_close.window_ms", terms.soft_close->window)) return found;
  return check_soft_close_length("soft_close.extend_ms", terms.soft_close->extend);
}

Found check_seller(const Terms& terms, Timestamp) {
  if (terms.seller.empty() || parse_bidder_id(terms.seller.view())) return std::nullopt;
  return TermsError{"seller", "seller is a bidder id: 1-64 of A-Z a-z 0-9 . _ : @ -"};
}

Found check_amount_limit(const Terms& terms, Timestamp) { return check_amount("amount_limit", terms.amount_limit); }

Found check_description(const Terms& terms, Timestamp) {
  return check_size("description", terms.description, max_description_bytes);
}

// Removes `scheme` (in lower case) from the front of `url`, whatever case it is written in there (RFC 3986, 3.1).
bool take_scheme(std::string_view& url, std::string_view scheme) {
  const auto same = [](char written, char wanted) {
    return (written >= 'A' && written <= 'Z' ? written + 32 : written) == wanted;
  };
  if (!std::ranges::equal(url.substr(0, scheme.size()), scheme, same)) return false;
  url.remove_prefix(scheme.size());
  return true;
}

// Pages put the address into an attribute: what would end it, or a script's scheme, never gets that far.
Found check_image_url(const Terms& terms, Timestamp) {
  std::string_view rest = terms.image_url;
  if (rest.empty()) return std::nullopt;
  if (auto found = check_size("image_url", rest, max_image_url_bytes)) return found;
  const auto forbidden = [](char c) {
    return (c >= 0 && c <= ' ') || c == 0x7f || c == '"' || c == '<' || c == '>' || c == '\\';
  };
  if (std::ranges::any_of(rest, forbidden)) {
    return TermsError{"image_url", "image_url holds no space, control character, quote, angle bracket or backslash"};
  }
  if (!take_scheme(rest, "http://") && !take_scheme(rest, "https://")) {
    return TermsError{"image_url", "image_url begins with http:// or https://"};
  }
  if (rest.empty() || std::string_view{"/?#:@"}.find(rest.front()) != std::string_view::npos) {
    return TermsError{"image_url", "image_url names a host"};
  }
  return std::nullopt;
}

// In the order in which api.md lists the fields.
constexpr std::array checks{check_title,        check_opening_price, check_increment,  check_reserve,
                            check_opens_at,     check_closes_at,     check_soft_close, check_seller,
                            check_amount_limit, check_description,   check_image_url};

}  // namespace

std::optional<TermsError> check_terms(const Terms& terms, Timestamp now) {
  for (const auto check : checks) {
    if (auto found = check(terms, now)) return found;
  }
  return std::nullopt;
}

}  // namespace flashbid
