// Random secrets, and how a secret is kept so that who reads the file cannot use it. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashbid::accounts {

// From the system's source; a system that has none stops the program.
[[nodiscard]] std::string random_bytes(std::size_t count);
// 256 random bits, in base64url: 43 characters.
[[nodiscard]] std::string new_refresh_token();
// SHA-256 in base64url. Only of what is random itself: a password is hashed otherwise (password.hpp).
[[nodiscard]] std::string digest_of(std::string_view token);

}  // namespace flashbid::accounts
