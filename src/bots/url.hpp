// Where a server is: http://HOST[:PORT]. Values only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid::bots {

struct Url {
  std::string host;  // an IPv6 address without its brackets
  std::string port = "80";
  // As the Host header wants it.
  [[nodiscard]] std::string authority() const;
};

// Failure::invalid with a sentence for anything but http://HOST[:PORT][/].
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace flashbid::bots
