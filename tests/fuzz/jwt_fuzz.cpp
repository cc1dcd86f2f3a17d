// Any bytes as a token: none is ever accepted, for nobody here has the keys. The same bytes as a header and claims that
// are signed: what is accepted keeps every promise of an identity, and says the same a second time and from memory.
#include "access/base64url.hpp"
#include "access/jwt.hpp"
#include "access/signature.hpp"
#include "access/token_checker.hpp"
#include "fuzz.hpp"

namespace flashbid::fuzz {
namespace {

using namespace access;

constexpr Timestamp noon{1'800'000'000'000};
constexpr std::string_view secret = "a secret that is only signed with here";

// A key of every kind: a secret that is not the one below, and the public keys of RFC 7515 and RFC 8037.
constexpr std::string_view strange_keys =
    R"({"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},)"
    R"({"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

SharedKeys keys_of(std::string_view text) {
  auto keys = KeySet::of_file_text(text);
  must(keys.has_value(), "these keys are good");
  return std::make_shared<const KeySet>(std::move(*keys));
}

void check_fault(TokenFault fault) { must(!describe(fault).empty(), "a fault says what is wrong"); }

void check_stranger(std::string_view token) {
  static const SharedKeys keys = keys_of(strange_keys);
  const auto said = verify(token, *keys, {}, noon);
  must(!said, "no token is accepted that was not signed");
  check_fault(said.error());
}

// What stands before the first line break is the header, what follows are the claims.
void check_signed(std::string_view text) {
  static const SharedKeys keys = keys_of(secret);
  static KeyRing ring(keys);
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const std::string_view claims = text.substr(std::min(cut + 1, text.size()));
  std::string token = to_base64url(text.substr(0, cut)) + '.' + to_base64url(claims);
  const auto signature = hmac_of(secret, token);
  must(signature.has_value(), "a secret signs");
  token += '.' + to_base64url(*signature);

  Rules rules;
  if (text.size() % 2 == 1) rules.issuer = "i", rules.audience = "a";
  const auto said = verify(token, *keys, rules, noon);
  TokenChecker checker(ring, rules);
  must(checker.check(token, noon) == said && checker.check(token, noon) == said, "memory says the same");
  if (!said) return check_fault(said.error());
  must(parse_bidder_id(said->subject.view()).has_value(), "a subject is a bidder's name");
  must(claims.find("\"") != std::string_view::npos, "who it is stands in the claims");
  must(noon < said->expires + rules.leeway && said->expires <= max_timestamp, "it has not expired");
  must(!verify(token, *keys, rules, said->expires + rules.leeway), "at its end it expires");
  const std::size_t at = text.size() % token.size();
  std::string changed = token;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  must(!verify(changed, *keys, rules, noon), "with another character it is another token");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  flashbid::fuzz::check_stranger(text);
  flashbid::fuzz::check_signed(text);
  return 0;
}
