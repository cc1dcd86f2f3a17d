#include "access/key.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>

#include "access/signature.hpp"

namespace flashbid::access {
namespace {

using OwnedNumber = std::unique_ptr<BIGNUM, Releasing<BN_free>>;

Result<void> check_rsa(const EVP_PKEY& key) {
  const int bits = EVP_PKEY_get_bits(&key);
  if (bits < least_rsa_bits || bits > most_rsa_bits) {
    return fail(Failure::invalid, fmt::format("an RSA key for tokens has {} to {} bits, and this one {}",
                                              least_rsa_bits, most_rsa_bits, bits));
  }
  BIGNUM* found = nullptr;
  EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &found);
  const OwnedNumber exponent(found);
  // Small ones have let signatures be forged (Bleichenbacher 2006); huge ones cost time.
  if (!exponent || !BN_is_odd(exponent.get()) || BN_num_bits(exponent.get()) < 17 || BN_num_bits(exponent.get()) > 64) {
    return fail(Failure::invalid,
                "an RSA key for tokens has an odd public exponent from 65537 to 2^64: make a new key");
  }
  return {};
}

Result<void> check_curve(const EVP_PKEY& key) {
  int spelled_out = 0;
  EVP_PKEY_get_int_param(&key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out);
  std::array<char, 64> name{};
  if (spelled_out != 0 || EVP_PKEY_get_group_name(&key, name.data(), name.size(), nullptr) != 1) {
    return fail(Failure::invalid, "an EC key for tokens names its curve, P-256; this one spells a curve out");
  }
  if (std::string_view(name.data()) != "prime256v1") {
    return fail(Failure::invalid, fmt::format("an EC key for tokens is on P-256, and this one on {}", name.data()));
  }
  return {};
}

}  // namespace

Result<Algorithms> algorithms_of(const EVP_PKEY& key) {
  const CleanErrors clean;
  if (EVP_PKEY_is_a(&key, "RSA") == 1 || EVP_PKEY_is_a(&key, "RSA-PSS") == 1) {
    if (auto checked = check_rsa(key); !checked) return std::unexpected(std::move(checked.error()));
    return EVP_PKEY_is_a(&key, "RSA") == 1 ? Algorithms(Algorithm::rs256, Algorithm::ps256)
                                           : Algorithms(Algorithm::ps256);
  }
  if (EVP_PKEY_is_a(&key, "EC") == 1) {
    if (auto checked = check_curve(key); !checked) return std::unexpected(std::move(checked.error()));
    return Algorithms(Algorithm::es256);
  }
  if (EVP_PKEY_is_a(&key, "ED25519") == 1) return Algorithms(Algorithm::eddsa);
  const char* kind = EVP_PKEY_get0_type_name(&key);
  return fail(Failure::invalid, fmt::format("a key for tokens is RSA, EC on P-256 or Ed25519, and this one is {}",
                                            kind == nullptr ? "of no known kind" : kind));
}

Result<Key> Key::of_secret(std::string secret) {
  if (secret.size() < least_secret_bytes) {
    return fail(Failure::invalid, fmt::format("a secret for tokens has at least {} bytes, and this one {}: "
                                              "`openssl rand -hex 32` makes one",
                                              least_secret_bytes, secret.size()));
  }
  if (secret.size() > most_secret_bytes) {
    return fail(Failure::invalid, fmt::format("a secret for tokens has at most {} bytes, and this one {}",
                                              most_secret_bytes, secret.size()));
  }
  return Key(std::move(secret), nullptr, Algorithms(Algorithm::hs256));
}

Result<Key> Key::of_public(OwnedKey key) {
  const CleanErrors clean;
  auto algorithms = algorithms_of(*key);
  if (!algorithms) return std::unexpected(std::move(algorithms.error()));
  const OwnedKeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) {
    return fail(Failure::invalid, "this is no sound public key: its numbers do not fit together");
  }
  return Key({}, std::move(key), *algorithms);
}

bool Key::verify(Algorithm algorithm, std::string_view text, std::string_view signature) const {
  if (!algorithms_.has(algorithm)) return false;
  if (algorithm == Algorithm::hs256) return is_hmac(secret_, text, signature);
  return is_signature(*key_, algorithm, text, signature);
}

}  // namespace flashbid::access
