#include "client/url.hpp"

#include <fmt/format.h>

#include <charconv>

namespace flashbid::client {
namespace {

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

}  // namespace

std::string Url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected(
        Problem{.code = "invalid_value",
                .detail = fmt::format("{} is not a server's URL: {}; it looks like http://127.0.0.1:8080", text, why)});
  };
  constexpr std::string_view scheme = "http://";
  if (text.starts_with("https://")) return wrong("this client speaks http only");
  if (!text.starts_with(scheme)) return wrong("it does not begin with http://");
  std::string_view rest = text.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@ ") != std::string_view::npos) return wrong("there is more than a host and a port");
  Url url;
  std::size_t host_end = rest.find(':');
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return wrong("a bracket is missing");
    url.host = rest.substr(1, bracket - 1);
    host_end = bracket + 1;
    if (host_end < rest.size() && rest[host_end] != ':') return wrong("something stands between host and port");
  } else {
    url.host = rest.substr(0, host_end);
  }
  if (url.host.empty()) return wrong("the host is missing");
  if (host_end < rest.size()) {
    url.port = rest.substr(host_end + 1);
    if (!is_port(url.port)) return wrong("the port is no number from 1 to 65535");
  }
  return url;
}

}  // namespace flashbid::client
