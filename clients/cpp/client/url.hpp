// Where a server is: http://HOST[:PORT]. Values only.
#pragma once

#include <string>
#include <string_view>

#include "flashbid/types.hpp"

namespace flashbid::client {

struct Url {
  std::string host;  // an IPv6 address without its brackets
  std::string port = "80";
  // As the Host header wants it.
  [[nodiscard]] std::string authority() const;
};

// `invalid_value` with a sentence for anything but http://HOST[:PORT][/].
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace flashbid::client
