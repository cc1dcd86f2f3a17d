// The keys that tokens are verified with, at one moment: read from a text, then immutable and shared. Any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/key.hpp"
#include "base/result.hpp"

namespace flashbid::access {

inline constexpr std::size_t most_keys = 64;

// The secret of tokens that this house mints itself, beside whatever keys it is given.
struct OwnKey {
  std::string secret;
  std::string id;      // `kid`
  std::string issuer;  // `iss`: these tokens are verified with this key alone, and it verifies no others
};

class KeySet {
 public:
  // Of a key file: public keys in PEM (several are several keys), a JWKS or a single JWK, or anything else: the secret
  // itself, byte for byte. Failure::invalid says what is wrong and what would be right; it never quotes a secret.
  [[nodiscard]] static Result<KeySet> of_file_text(std::string_view text);
  // Of a document that the world can read: a JWKS, and no secret in it.
  [[nodiscard]] static Result<KeySet> of_published_text(std::string_view text);
  // This key alone. Failure::invalid if its secret is none.
  [[nodiscard]] static Result<KeySet> of_own_key(const OwnKey& own);
  // One more. Failure::invalid also if a key of the set has the same id.
  [[nodiscard]] Result<void> add(const OwnKey& own);

  [[nodiscard]] std::span<const Key> keys() const { return keys_; }
  // Why keys of the text are not among them: one sentence each.
  [[nodiscard]] const std::vector<std::string>& passed_over() const { return passed_over_; }

 private:
  KeySet() = default;
  [[nodiscard]] Result<void> add(Key key);
  [[nodiscard]] Result<void> read_pem_keys(std::string_view text);
  [[nodiscard]] Result<void> read_json(std::string_view text);
  [[nodiscard]] Result<void> check_usable() const;

  std::vector<Key> keys_;
  std::vector<std::string> passed_over_;
};

using SharedKeys = std::shared_ptr<const KeySet>;

}  // namespace flashbid::access
