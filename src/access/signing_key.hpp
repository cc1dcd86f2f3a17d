// A key that signs tokens: of a house that mints its own, and of `flashbid token`. Belongs to its owner; any thread may
// sign with it. It never shows what it holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/algorithm.hpp"
#include "access/openssl.hpp"
#include "base/result.hpp"

namespace flashbid::access {

class SigningKey {
 public:
  // A private key in PEM (RSA: RS256, EC P-256: ES256, Ed25519: EdDSA), or anything else: the secret itself, byte for
  // byte (HS256). Failure::invalid says what is wrong and what would be right: a public or weak key, an encrypted one,
  // JSON.
  [[nodiscard]] static Result<SigningKey> of_file_text(std::string_view text);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  // Failure::internal if OpenSSL cannot.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;

 private:
  SigningKey(std::string secret, OwnedKey key, Algorithm algorithm)
      : secret_(std::move(secret)), key_(std::move(key)), algorithm_(algorithm) {}
  [[nodiscard]] static Result<SigningKey> of_pem(std::string_view text);

  std::string secret_;  // of HS256
  OwnedKey key_;        // of all others
  Algorithm algorithm_;
};

}  // namespace flashbid::access
