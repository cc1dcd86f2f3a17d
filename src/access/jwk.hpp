// Keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037). Pure; any thread.
#pragma once

#include <string>
#include <variant>

#include "access/key.hpp"
#include "access/strict_json.hpp"
#include "base/result.hpp"

namespace flashbid::access {

// A key that is none of ours: of an unknown kind, for encryption, for an algorithm that is not allowed. Why.
struct PassedOver {
  std::string why;
};

// The key of one JWK. Failure::invalid for one that is meant for us and is broken or unsafe: a member that is missing
// or of a wrong type, a weak key, the private half of a pair.
[[nodiscard]] Result<std::variant<Key, PassedOver>> read_jwk(JsonObject jwk);

}  // namespace flashbid::access
