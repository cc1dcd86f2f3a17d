// base64url as JOSE writes it (RFC 7515, section 2): no padding, no white space, one text for each value. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flashbid::access {

[[nodiscard]] std::string to_base64url(std::string_view bytes);

// Only what to_base64url() would have written: nullopt for `+` `/` `=`, a length that cannot be, and bits that do not
// count but are set. So a token has no second spelling.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace flashbid::access
