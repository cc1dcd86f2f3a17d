// The claims of a token whose signature was right: what they must be. Pure; any thread.
#pragma once

#include <expected>
#include <string_view>

#include "access/jwt.hpp"

namespace flashbid::access {

[[nodiscard]] std::expected<Identity, TokenFault> check_claims(std::string_view json, const Rules& rules,
                                                               Timestamp now);
// Whether `iss` of claims that were right is `issuer`.
[[nodiscard]] bool names_issuer(std::string_view json, std::string_view issuer);

}  // namespace flashbid::access
