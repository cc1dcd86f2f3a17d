// What stands in a URL as %XX. Pure: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flashbid {

// None if a % is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace flashbid
