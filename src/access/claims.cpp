#include "access/claims.hpp"

#include <algorithm>

#include "access/strict_json.hpp"
#include "base/assert.hpp"

namespace flashbid::access {
namespace {

using std::unexpected;

simdjson::dom::parser& parser_of_this_thread() {
  thread_local simdjson::dom::parser parser(most_token_bytes);
  return parser;
}

// Who it is, until when.
std::expected<Identity, TokenFault> read_identity(JsonObject claims) {
  const auto expires = member(claims, "exp"), subject = member(claims, "sub"), role = member(claims, "role");
  if (!expires || !subject) return unexpected(TokenFault::missing_claim);
  Identity identity;
  const auto when = date_of(*expires);
  const auto text = text_of(*subject);
  const auto bidder = text ? parse_bidder_id(*text) : std::nullopt;
  if (!when || !bidder) return unexpected(TokenFault::invalid_claim);
  identity.expires = *when;
  identity.subject = *bidder;
  if (!role) return identity;
  const auto name = text_of(*role);
  const auto known = name ? parse_role(*name) : std::nullopt;
  if (!known) return unexpected(TokenFault::invalid_claim);
  identity.role = *known;
  return identity;
}

// `iss` is a text, `aud` a text or a list of texts, whether or not they are asked for.
bool names_issuer(JsonElement issuer, const std::optional<std::string>& wanted, bool& right) {
  const auto text = text_of(issuer);
  right = text && text == wanted;
  return text.has_value();
}

bool names_audience(JsonElement audience, const std::optional<std::string>& wanted, bool& right) {
  if (const auto text = text_of(audience)) {
    right = text == wanted;
    return true;
  }
  simdjson::dom::array list;
  if (audience.get_array().get(list) != simdjson::SUCCESS) return false;
  for (const JsonElement each : list) {
    const auto text = text_of(each);
    if (!text) return false;
    right = right || text == wanted;
  }
  return true;
}

}  // namespace

std::expected<Identity, TokenFault> check_claims(std::string_view json, const Rules& rules, Timestamp now) {
  require(rules.leeway >= Duration{0} && rules.leeway <= most_leeway, "leeway is bounded");
  const auto claims = parse_object(parser_of_this_thread(), json);
  if (!claims) return unexpected(TokenFault::malformed);
  auto identity = read_identity(*claims);
  if (!identity) return identity;

  std::optional<Timestamp> begins;
  if (const auto not_before = member(*claims, "nbf")) {
    begins = date_of(*not_before);
    if (!begins) return unexpected(TokenFault::invalid_claim);
  }
  if (const auto issued = member(*claims, "iat"); issued && !date_of(*issued)) {
    return unexpected(TokenFault::invalid_claim);
  }
  bool right_issuer = false, right_audience = false;
  if (const auto issuer = member(*claims, "iss"); issuer && !names_issuer(*issuer, rules.issuer, right_issuer)) {
    return unexpected(TokenFault::invalid_claim);
  }
  if (const auto audience = member(*claims, "aud");
      audience && !names_audience(*audience, rules.audience, right_audience)) {
    return unexpected(TokenFault::invalid_claim);
  }

  if (now >= identity->expires + rules.leeway) return unexpected(TokenFault::expired);
  if (begins && now < *begins - rules.leeway) return unexpected(TokenFault::not_yet_valid);
  if (rules.issuer && !right_issuer) return unexpected(TokenFault::wrong_issuer);
  if (rules.audience && !right_audience) return unexpected(TokenFault::wrong_audience);
  return identity;
}

bool names_issuer(std::string_view json, std::string_view issuer) {
  const auto claims = parse_object(parser_of_this_thread(), json);
  const auto found = claims ? member(*claims, "iss") : std::nullopt;
  return found && text_of(*found) == issuer;
}

}  // namespace flashbid::access
