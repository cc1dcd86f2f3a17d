#include "access/signing_key.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <utility>

#include "access/key.hpp"
#include "access/key_text.hpp"
#include "access/signature.hpp"

namespace flashbid::access {
namespace {

// Nobody is asked for a pass phrase.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Result<void> check_blocks(std::string_view text) {
  const auto blocks = read_pem(text);
  if (!blocks) return std::unexpected(blocks.error());
  const auto is_named = [](std::string_view end) {
    return [end](const PemBlock& block) { return block.name.ends_with(end); };
  };
  if (std::ranges::any_of(*blocks, is_named("ENCRYPTED PRIVATE KEY")) ||
      std::ranges::any_of(*blocks, [](const PemBlock& block) { return block.der.empty(); })) {
    return fail(Failure::invalid,
                "it is an encrypted private key: `openssl pkey -in FILE` writes it without a pass phrase");
  }
  const auto private_keys = std::ranges::count_if(*blocks, is_named("PRIVATE KEY"));
  if (private_keys == 0) {
    return fail(Failure::invalid,
                "it is not a private key: tokens are signed with the private key of a pair, and "
                "verified with the public one");
  }
  if (private_keys > 1) return fail(Failure::invalid, "it holds several private keys: one signs");
  return {};
}

}  // namespace

Result<SigningKey> SigningKey::of_file_text(std::string_view text) {
  const auto form = form_of(text);
  if (!form) return std::unexpected(form.error());
  if (*form == KeyForm::pem) return of_pem(text);
  if (*form == KeyForm::json) {
    return fail(Failure::invalid,
                "it is JSON: tokens are signed with a private key in PEM, or with a secret as it stands");
  }
  if (const auto key = Key::of_secret(std::string(text)); !key) return std::unexpected(key.error());
  return SigningKey(std::string(text), nullptr, Algorithm::hs256);
}

Result<SigningKey> SigningKey::of_pem(std::string_view text) {
  const CleanErrors clean;
  if (auto checked = check_blocks(text); !checked) return std::unexpected(std::move(checked.error()));
  const OwnedBio bio = bio_of(without_mark(text));
  OwnedKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_pass_phrase, nullptr));
  if (!key) return fail(Failure::invalid, "what is in its PEM block is no private key");
  const auto algorithms = algorithms_of(*key);
  if (!algorithms) return std::unexpected(algorithms.error());
  constexpr std::array preferred{Algorithm::rs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa};
  const auto* const chosen = std::ranges::find_if(preferred, [&](Algorithm each) { return algorithms->has(each); });
  return SigningKey({}, std::move(key), *chosen);
}

Result<std::string> SigningKey::sign(std::string_view text) const {
  const CleanErrors clean;
  auto signature = key_ ? access::sign(*key_, algorithm_, text) : hmac_of(secret_, text);
  if (!signature) return fail(Failure::internal, "OpenSSL does not sign with this key");
  return std::move(*signature);
}

}  // namespace flashbid::access
