#include "access/forwarded.hpp"

#include <algorithm>

namespace flashbid {
namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`, blanks around it.
std::optional<IpAddress> parse_entry(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !(rest.starts_with(':') && is_port(rest.substr(1)))) return std::nullopt;
    const std::string_view inside = text.substr(1, close - 1);
    if (inside.find(':') == std::string_view::npos) return std::nullopt;
    return IpAddress::parse(inside);
  }
  // One colon stands before a port; an IPv6 address has two at least.
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return std::nullopt;
    text = text.substr(0, colon);
  }
  return IpAddress::parse(text);
}

}  // namespace

IpAddress client_address(const IpAddress& peer, std::span<const IpNetwork> trusted,
                         std::span<const std::string_view> forwarded_for) {
  IpAddress client = peer;
  const auto is_trusted = [&] {
    return std::ranges::any_of(trusted, [&](const IpNetwork& network) { return network.contains(client); });
  };
  for (auto line = forwarded_for.rbegin(); line != forwarded_for.rend(); ++line) {
    for (std::size_t end = line->size();;) {
      if (!is_trusted()) return client;
      const auto comma = end == 0 ? std::string_view::npos : line->rfind(',', end - 1);
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const auto entry = parse_entry(line->substr(begin, end - begin));
      if (!entry) return client;
      client = *entry;
      if (begin == 0) break;
      end = comma;
    }
  }
  return client;
}

}  // namespace flashbid
