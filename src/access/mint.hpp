// Makes tokens that jwt.hpp verifies. Pure but for the signature; any thread.
#pragma once

#include <optional>
#include <string>

#include "access/identity.hpp"
#include "access/signing_key.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::access {

struct TokenContent {
  BidderId subject;
  Role role = Role::bidder;
  Timestamp issued;                   // `iat`, cut to a second
  Timestamp expires;                  // `exp`, to the millisecond
  std::optional<std::string> issuer;  // all of these are UTF-8
  std::optional<std::string> audience;
  std::optional<std::string> key_id;
};

// header.claims.signature. Failure::invalid if it would be longer than a token may be, or a text is not UTF-8.
[[nodiscard]] Result<std::string> mint(const SigningKey& key, const TokenContent& content);

}  // namespace flashbid::access
