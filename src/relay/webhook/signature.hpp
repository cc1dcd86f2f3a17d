// How a request proves that it is FlashBid's, and whole: the Standard Webhooks specification's symmetric signature
// (github.com/standard-webhooks/standard-webhooks). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace flashbid::webhook {

// The key of a secret as it is written, "whsec_" and 24 to 64 bytes in base64. Failure::invalid, saying why without
// showing it, for anything else.
[[nodiscard]] Result<std::string> key_of_secret(std::string_view secret);

// The secrets of a file: one a line; empty lines and those that begin with # do not count.
[[nodiscard]] std::vector<std::string> secrets_of_file(std::string_view text);

// The header's value: "v1,BASE64(HMAC-SHA256(key, id.timestamp.body))" for each key, with a space between them.
[[nodiscard]] std::string sign(const std::vector<std::string>& keys, std::string_view id, std::string_view timestamp,
                               std::string_view body);

}  // namespace flashbid::webhook
