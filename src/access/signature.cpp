#include "access/signature.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>

namespace flashbid::access {
namespace {

constexpr std::size_t half = 32;  // of an ES256 signature: r, or s
using OwnedPair = std::unique_ptr<ECDSA_SIG, Releasing<ECDSA_SIG_free>>;

// A context that signs or verifies by `algorithm`, and by nothing that the key would prefer.
template <auto begin>
OwnedDigestContext begun(EVP_PKEY& key, Algorithm algorithm) {
  OwnedDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // the context's own
  const EVP_MD* digest = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
  if (!context || begin(context.get(), &settings, digest, nullptr, &key) != 1) return nullptr;
  if (algorithm == Algorithm::rs256 && EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) != 1) return nullptr;
  if (algorithm == Algorithm::ps256 && (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
                                        EVP_PKEY_CTX_set_rsa_mgf1_md(settings, EVP_sha256()) != 1 ||
                                        EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return nullptr;
  }
  return context;
}

// r and s, as OpenSSL wants them.
std::optional<std::string> to_der(std::string_view signature) {
  if (signature.size() != 2 * half) return std::nullopt;
  const OwnedPair pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(signature), half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature.substr(half)), half, nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string made(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return made;
}

std::optional<std::string> from_der(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const OwnedPair pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string made(2 * half, '\0');
  auto* out = reinterpret_cast<unsigned char*>(made.data());
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, half) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + half, half) < 0) {
    return std::nullopt;
  }
  return made;
}

}  // namespace

std::optional<std::string> hmac_of(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(), made.data(),
           &size) == nullptr) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(made.data()), size);
}

bool is_hmac(std::string_view secret, std::string_view text, std::string_view signature) {
  const CleanErrors clean;
  const auto right = hmac_of(secret, text);
  return right && right->size() == signature.size() &&
         CRYPTO_memcmp(right->data(), signature.data(), right->size()) == 0;
}

bool is_signature(EVP_PKEY& key, Algorithm algorithm, std::string_view text, std::string_view signature) {
  const CleanErrors clean;
  std::string der;
  if (algorithm == Algorithm::es256) {
    auto made = to_der(signature);
    if (!made) return false;
    der = std::move(*made);
    signature = der;
  }
  const OwnedDigestContext context = begun<EVP_DigestVerifyInit>(key, algorithm);
  // 1 is yes; 0, and what is below, is not.
  return context != nullptr &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

std::optional<std::string> sign(EVP_PKEY& key, Algorithm algorithm, std::string_view text) {
  const CleanErrors clean;
  const OwnedDigestContext context = begun<EVP_DigestSignInit>(key, algorithm);
  std::size_t size = 0;
  if (!context || EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1) return std::nullopt;
  std::string made(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, bytes_of(text),
                     text.size()) != 1) {
    return std::nullopt;
  }
  made.resize(size);
  return algorithm == Algorithm::es256 ? from_der(made) : made;
}

}  // namespace flashbid::access
