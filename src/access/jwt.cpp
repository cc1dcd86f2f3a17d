#include "access/jwt.hpp"

#include <algorithm>
#include <array>

#include "access/base64url.hpp"
#include "access/claims.hpp"
#include "access/strict_json.hpp"

namespace flashbid::access {
namespace {

using std::unexpected;

// What a header may hold that would have us take a key from the token, read other bytes than were signed, or look for
// another thing inside.
constexpr std::array<std::string_view, 9> refused_members{"jwk", "jku", "x5u", "x5c", "crit",
                                                          "b64", "enc", "zip", "cty"};

struct Parts {
  std::string_view header, claims, signature;
  std::string_view signed_text;  // header.claims
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

// What of a header is listened to.
struct Header {
  Algorithm algorithm = Algorithm::hs256;
  std::optional<std::string> key_id;
};

bool is_same_ignoring_case(std::string_view text, std::string_view lower_case) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(text, lower_case, {}, lower);
}

// A token of another kind, a logout token or a security event, is not one to log in with (RFC 8725, section 3.11).
bool is_known_type(std::string_view type) {
  constexpr std::string_view prefix = "application/";
  if (type.size() > prefix.size() && is_same_ignoring_case(type.substr(0, prefix.size()), prefix)) {
    type.remove_prefix(prefix.size());
  }
  return is_same_ignoring_case(type, "jwt") || is_same_ignoring_case(type, "at+jwt");
}

std::expected<Header, TokenFault> read_header(std::string_view json) {
  thread_local simdjson::dom::parser parser(most_token_bytes);
  const auto object = parse_object(parser, json);
  if (!object) return unexpected(TokenFault::malformed);
  const auto algorithm_member = member(*object, "alg");
  const auto name = algorithm_member ? text_of(*algorithm_member) : std::nullopt;
  if (!name) return unexpected(TokenFault::malformed);
  const auto algorithm = parse_algorithm(*name);
  if (!algorithm) return unexpected(TokenFault::unknown_algorithm);
  Header header{.algorithm = *algorithm, .key_id = std::nullopt};
  for (const auto field : *object) {
    if (std::ranges::find(refused_members, field.key) != refused_members.end())
      return unexpected(TokenFault::refused_header);
    if (field.key != "typ" && field.key != "kid") continue;
    const auto text = text_of(field.value);
    if (!text) return unexpected(TokenFault::malformed);
    if (field.key == "typ" && !is_known_type(*text)) return unexpected(TokenFault::refused_header);
    if (field.key == "kid" && text->size() > most_key_id_bytes) return unexpected(TokenFault::malformed);
    if (field.key == "kid") header.key_id = *text;
  }
  return header;
}

// The key of the set that has signed it.
std::expected<const Key*, TokenFault> find_signer(const Parts& parts, const Header& header, const KeySet& keys) {
  const auto signature = from_base64url(parts.signature);
  if (!signature) return unexpected(TokenFault::malformed);
  unsigned tries = 0;
  for (const Key& key : keys.keys()) {
    if (!key.algorithms().has(header.algorithm)) continue;
    if (header.key_id && key.id() && *header.key_id != *key.id()) continue;
    if (++tries > most_tries) break;
    if (key.verify(header.algorithm, parts.signed_text, *signature)) return &key;
  }
  return unexpected(tries == 0 ? TokenFault::no_key : TokenFault::bad_signature);
}

// What holds for the tokens of `signer`. A bound key's say that issuer, and nobody else's do: so neither side can mint
// what counts as the other's.
std::expected<Identity, TokenFault> check_claims_of(const Key& signer, std::string_view json, const KeySet& keys,
                                                    const Rules& rules, Timestamp now) {
  if (signer.issuer()) {
    return check_claims(json, {.issuer = signer.issuer(), .audience = std::nullopt, .leeway = rules.leeway}, now);
  }
  auto identity = check_claims(json, rules, now);
  if (!identity) return identity;
  const bool is_others = std::ranges::any_of(
      keys.keys(), [json](const Key& key) { return key.issuer() && names_issuer(json, *key.issuer()); });
  if (is_others) return unexpected(TokenFault::wrong_issuer);
  return identity;
}

}  // namespace

std::string_view describe(TokenFault fault) {
  switch (fault) {
    case TokenFault::too_large:
      return "the token is longer than 8192 bytes";
    case TokenFault::malformed:
      return "this is no JSON Web Token: three parts of base64url, header and claims in JSON";
    case TokenFault::unknown_algorithm:
      return "the token's algorithm is not allowed: HS256, RS256, PS256, ES256 and EdDSA are";
    case TokenFault::refused_header:
      return "the token's header asks for what is not allowed here";
    case TokenFault::no_key:
      return "no key of this server fits the token's algorithm and key id";
    case TokenFault::bad_signature:
      return "the token's signature is wrong";
    case TokenFault::missing_claim:
      return "the token lacks one of the claims exp and sub";
    case TokenFault::invalid_claim:
      return "a claim of the token has a value that it cannot have";
    case TokenFault::expired:
      return "the token has expired";
    case TokenFault::not_yet_valid:
      return "the token is not valid yet";
    case TokenFault::wrong_issuer:
      return "the token comes from another issuer";
    case TokenFault::wrong_audience:
      return "the token is for another audience";
  }
  return "the token is refused";
}

FaultClass class_of(TokenFault fault) {
  switch (fault) {
    case TokenFault::too_large:
    case TokenFault::malformed:
    case TokenFault::unknown_algorithm:
    case TokenFault::refused_header:
      return FaultClass::malformed;
    case TokenFault::no_key:
      return FaultClass::unknown_key;
    case TokenFault::bad_signature:
      return FaultClass::bad_signature;
    case TokenFault::expired:
      return FaultClass::expired;
    case TokenFault::missing_claim:
    case TokenFault::invalid_claim:
    case TokenFault::not_yet_valid:
    case TokenFault::wrong_issuer:
    case TokenFault::wrong_audience:
      return FaultClass::wrong_claims;
  }
  return FaultClass::malformed;
}

std::string_view to_text(FaultClass fault) {
  switch (fault) {
    case FaultClass::malformed:
      return "malformed";
    case FaultClass::unknown_key:
      return "unknown_key";
    case FaultClass::bad_signature:
      return "bad_signature";
    case FaultClass::wrong_claims:
      return "wrong_claims";
    case FaultClass::expired:
      return "expired";
  }
  return "?";
}

std::expected<Identity, TokenFault> verify(std::string_view token, const KeySet& keys, const Rules& rules,
                                           Timestamp now) {
  if (token.size() > most_token_bytes) return unexpected(TokenFault::too_large);
  const auto parts = split(token);
  if (!parts) return unexpected(TokenFault::malformed);
  const auto header_json = from_base64url(parts->header), claims_json = from_base64url(parts->claims);
  if (!header_json || !claims_json) return unexpected(TokenFault::malformed);
  const auto header = read_header(*header_json);
  if (!header) return unexpected(header.error());
  const auto signer = find_signer(*parts, *header, keys);
  if (!signer) return unexpected(signer.error());
  return check_claims_of(**signer, *claims_json, keys, rules, now);
}

}  // namespace flashbid::access
