// Signatures over bytes, made and checked by OpenSSL in the forms of JOSE: HS256 is 32 bytes of HMAC-SHA256, ES256 is
// r and s of 32 bytes each (RFC 7518, section 3.4), EdDSA 64 bytes. Any thread. Whatever goes wrong is "no".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/algorithm.hpp"
#include "access/openssl.hpp"

namespace flashbid::access {

[[nodiscard]] std::optional<std::string> hmac_of(std::string_view secret, std::string_view text);
// Compared in constant time.
[[nodiscard]] bool is_hmac(std::string_view secret, std::string_view text, std::string_view signature);

// `key` is of the algorithm's kind.
[[nodiscard]] bool is_signature(EVP_PKEY& key, Algorithm algorithm, std::string_view text, std::string_view signature);
[[nodiscard]] std::optional<std::string> sign(EVP_PKEY& key, Algorithm algorithm, std::string_view text);

}  // namespace flashbid::access
