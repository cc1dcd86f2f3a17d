// Keys and tokens for the tests of access: made by OpenSSL here, not by what is tested. Tests only.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <string>
#include <string_view>

#include "access/base64url.hpp"
#include "access/jwt.hpp"
#include "access/openssl.hpp"
#include "access/signature.hpp"
#include "base/assert.hpp"

namespace flashbid::access::testing {

inline constexpr Timestamp noon{1'800'000'000'000};
inline constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";  // 32 bytes

inline OwnedKey new_rsa(int bits, unsigned exponent = 65'537) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  BIGNUM* e = BN_new();
  BN_set_word(e, exponent);
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) == 1 &&
              EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), e) == 1 && EVP_PKEY_generate(context.get(), &key) == 1,
          "an RSA key is made");
  BN_free(e);
  return OwnedKey(key);
}
inline OwnedKey new_ec(const char* curve = "P-256") { return OwnedKey(EVP_EC_gen(curve)); }
inline OwnedKey new_okp(const char* kind = "ED25519") { return OwnedKey(EVP_PKEY_Q_keygen(nullptr, nullptr, kind)); }

// One of each kind for the whole run.
inline EVP_PKEY& rsa() {
  static const OwnedKey key = new_rsa(2'048);
  return *key;
}
inline EVP_PKEY& ec() {
  static const OwnedKey key = new_ec();
  return *key;
}
inline EVP_PKEY& ed() {
  static const OwnedKey key = new_okp();
  return *key;
}

template <class Write>
std::string written(Write write) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  require(write(bio.get()) == 1, "PEM is written");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}
inline std::string public_pem(EVP_PKEY& key) {
  return written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, &key); });
}
inline std::string private_pem(EVP_PKEY& key) {
  return written(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, &key, nullptr, nullptr, 0, nullptr, nullptr); });
}
inline std::string encrypted_pem(EVP_PKEY& key) {
  return written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, &key, EVP_aes_128_cbc(), "open", 4, nullptr, nullptr);
  });
}

// A number of a key, in base64url.
inline std::string number(const EVP_PKEY& key, const char* name, int size) {
  BIGNUM* found = nullptr;
  require(EVP_PKEY_get_bn_param(&key, name, &found) == 1, "the key has this number");
  std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(found)), '\0');
  BN_bn2binpad(found, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(found);
  return to_base64url(bytes);
}
// Public keys as the members of a JWK, without braces.
inline std::string rsa_members(const EVP_PKEY& key) {
  return R"("kty":"RSA","n":")" + number(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
         number(key, OSSL_PKEY_PARAM_RSA_E, 0) + "\"";
}
inline std::string ec_members(const EVP_PKEY& key) {
  return R"("kty":"EC","crv":"P-256","x":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
         number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"";
}
inline std::string ed_members(const EVP_PKEY& key) {
  std::array<unsigned char, 32> x{};
  std::size_t size = x.size();
  require(EVP_PKEY_get_raw_public_key(&key, x.data(), &size) == 1, "the key has its 32 bytes");
  return R"("kty":"OKP","crv":"Ed25519","x":")" + to_base64url({reinterpret_cast<char*>(x.data()), size}) + "\"";
}
inline std::string oct_members(std::string_view bytes = secret) {
  return R"("kty":"oct","k":")" + to_base64url(bytes) + "\"";
}
// {"keys":[{…},{…}]}
template <class... Members>
std::string jwks(const Members&... members) {
  std::string text;
  ((text += (text.empty() ? "{" : ",{") + std::string(members) + "}"), ...);
  return R"({"keys":[)" + text + "]}";
}

inline KeySet keys_of(std::string_view text) {
  auto keys = KeySet::of_file_text(text);
  require(keys.has_value(), keys ? "" : keys.error().detail);
  return std::move(*keys);
}
inline SharedKeys shared_keys(std::string_view text) { return std::make_shared<const KeySet>(keys_of(text)); }

inline std::string head_and_claims(std::string_view header, std::string_view claims) {
  return to_base64url(header) + '.' + to_base64url(claims);
}
inline std::string hs256(std::string_view header, std::string_view claims, std::string_view with = secret) {
  const std::string text = head_and_claims(header, claims);
  return text + '.' + to_base64url(*hmac_of(with, text));
}
inline std::string signed_by(EVP_PKEY& key, Algorithm algorithm, std::string_view header, std::string_view claims) {
  const std::string text = head_and_claims(header, claims);
  return text + '.' + to_base64url(*sign(key, algorithm, text));
}

inline constexpr std::string_view plain_header = R"({"alg":"HS256","typ":"JWT"})";
// Of Alice, valid for a minute from noon on.
inline constexpr std::string_view plain_claims = R"({"sub":"Alice","exp":1800000060})";

// What verify() says of a token: "" if it is Alice's or somebody else's, otherwise the fault.
inline std::expected<Identity, TokenFault> verified(std::string_view token, std::string_view key_text = secret,
                                                    const Rules& rules = {}, Timestamp now = noon) {
  return verify(token, keys_of(key_text), rules, now);
}

}  // namespace flashbid::access::testing
