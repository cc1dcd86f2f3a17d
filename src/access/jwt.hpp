// Verifies a JSON Web Token (RFC 7519) as RFC 8725 advises: the compact form only, one signature, an algorithm that is
// bound to the key, nothing read twice in two ways. Pure; any thread. The token's header chooses among the keys by
// `kid` and by nothing else; whatever is not understood for sure is refused.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "access/identity.hpp"
#include "access/key_set.hpp"
#include "base/time.hpp"

namespace flashbid::access {

// Why a token does not count, in the order in which it is found. The sentences are in describe().
enum class TokenFault : std::uint8_t {
  too_large,
  malformed,
  unknown_algorithm,
  refused_header,
  no_key,
  bad_signature,
  missing_claim,
  invalid_claim,
  expired,
  not_yet_valid,
  wrong_issuer,
  wrong_audience,
};

// One sentence for people. It never quotes the token.
[[nodiscard]] std::string_view describe(TokenFault fault);

// What faults have in common, for whoever counts them.
enum class FaultClass : std::uint8_t { malformed, unknown_key, bad_signature, wrong_claims, expired };
inline constexpr std::size_t fault_class_count = static_cast<std::size_t>(FaultClass::expired) + 1;
[[nodiscard]] FaultClass class_of(TokenFault fault);
[[nodiscard]] std::string_view to_text(FaultClass fault);

inline constexpr std::size_t most_token_bytes = 8 * 1024;
inline constexpr Duration most_leeway{300'000};
// Of a token that names no key, so many of those that could be meant are tried.
inline constexpr unsigned most_tries = 8;

struct Rules {
  std::optional<std::string> issuer;    // `iss` must be this; of a key that is bound to an issuer, that one
  std::optional<std::string> audience;  // `aud` must be this, or a list that holds it; not asked of a bound key's
  Duration leeway{1'000};               // for `exp` and `nbf`, 0 … most_leeway; clocks that are kept agree to a second
};

// What `token` says, if everything about it is right at `now`. `exp` and `sub` are required; without `role` it is a
// bidder's. A token counts while now < exp + leeway, and from now >= nbf - leeway.
[[nodiscard]] std::expected<Identity, TokenFault> verify(std::string_view token, const KeySet& keys, const Rules& rules,
                                                         Timestamp now);

}  // namespace flashbid::access
