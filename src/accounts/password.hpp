// Passwords: which may be, and how they are kept: Argon2id (RFC 9106), in the PHC form that names its own cost. Pure
// but for random salts; any thread. A hash takes some tens of milliseconds: never call this from a loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid::accounts {

inline constexpr std::size_t least_password_bytes = 8;

// What one hash costs. The default is what OWASP's Password Storage Cheat Sheet asks for at least.
struct HashCost {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
};

// Why `password` cannot be one for `name`; nullopt if it can. As NIST SP 800-63B advises, nothing is asked for but a
// length. It never quotes the password.
[[nodiscard]] std::optional<std::string> wrong_password(std::string_view name, std::string_view password);

// $argon2id$v=19$m=…,t=…,p=…$salt$hash, with a new salt. Failure::unavailable without memory for it.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const HashCost& cost);
// Whether `hash` is of `password`; failure as above. False for a text that is no such hash.
[[nodiscard]] Result<bool> matches(std::string_view password, const std::string& hash);
// Whether `hash` was cheaper to make than `cost`.
[[nodiscard]] bool is_weaker(std::string_view hash, const HashCost& cost);

}  // namespace flashbid::accounts
