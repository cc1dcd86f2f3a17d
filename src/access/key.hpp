// One key that tokens are verified with, and the algorithms that are bound to it. Immutable: any thread may verify with
// it, several at once. It never signs and never shows what it holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/algorithm.hpp"
#include "access/openssl.hpp"
#include "base/result.hpp"

namespace flashbid::access {

inline constexpr std::size_t least_secret_bytes = 32;
inline constexpr std::size_t most_secret_bytes = 16 * 1024;
inline constexpr std::size_t most_key_id_bytes = 256;
inline constexpr int least_rsa_bits = 2'048;
inline constexpr int most_rsa_bits = 8'192;

class Key {
 public:
  // HS256. Failure::invalid: too short (RFC 7518, section 3.2), or longer than anybody's secret.
  [[nodiscard]] static Result<Key> of_secret(std::string secret);
  // RSA: RS256 and PS256; RSA-PSS: PS256; EC P-256: ES256; Ed25519: EdDSA. Failure::invalid, with what would be right,
  // for another kind or a weak key: RSA of fewer than 2048 bits, an exponent below 65537, a point not on the curve,
  // a curve that is spelled out.
  [[nodiscard]] static Result<Key> of_public(OwnedKey key);

  // The `kid` that it goes by. Without one any `kid` of a token may mean it.
  [[nodiscard]] const std::optional<std::string>& id() const { return id_; }
  void set_id(std::string id) { id_ = std::move(id); }
  // Whose tokens it signs, and no others'. Without one: those of every issuer that no other key of the set is bound to.
  [[nodiscard]] const std::optional<std::string>& issuer() const { return issuer_; }
  void bind_to(std::string issuer) { issuer_ = std::move(issuer); }
  [[nodiscard]] Algorithms algorithms() const { return algorithms_; }
  // Whether something is left.
  [[nodiscard]] bool narrow_to(Algorithms allowed) {
    algorithms_ = algorithms_.both(allowed);
    return !algorithms_.empty();
  }

  // Whether `signature` is this key's over `text` by `algorithm`; false for an algorithm that is not bound to it.
  [[nodiscard]] bool verify(Algorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  Key(std::string secret, OwnedKey key, Algorithms algorithms)
      : secret_(std::move(secret)), key_(std::move(key)), algorithms_(algorithms) {}

  std::optional<std::string> id_, issuer_;
  std::string secret_;  // of HS256
  OwnedKey key_;        // of all others
  Algorithms algorithms_;
};

// Whether a key's kind and strength are ones that tokens are signed with: the algorithms, or why not.
[[nodiscard]] Result<Algorithms> algorithms_of(const EVP_PKEY& key);

}  // namespace flashbid::access
