#include "redis/url.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/percent.hpp"

namespace flashbid::redis {
namespace {

constexpr std::string_view form =
    "redis://[user[:password]@]host[:port][/database], rediss:// for TLS, redis+sentinel://host[:port]/NAME";

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Failure::invalid, fmt::format("the Redis URL {}; it has the form {}", what, form));
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || c == '/';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_host(std::string_view host) {
  return !host.empty() && host.find_first_of(" \t\r\n@/?#,[]\"'<>\\") == std::string_view::npos;
}

Result<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  Address address{.host = {}, .port = default_port};
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return wrong("opens an IPv6 address with [ and does not close it");
    address.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && !text.starts_with(':')) return wrong("has something other than :port behind ]");
    has_port = !text.empty();
    if (has_port) port = text.substr(1);
  } else {
    const auto colon = text.find(':');
    if (colon != text.rfind(':')) return wrong("has an IPv6 address without the brackets around it");
    address.host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (!is_host(address.host)) return wrong("has an empty or malformed host name");
  if (has_port) {
    const auto number = number_of<std::uint16_t>(port);
    if (!number || *number == 0) return wrong("has a port that is not a number of 1 … 65535");
    address.port = *number;
  }
  return address;
}

Result<void> parse_hosts(std::string_view text, std::uint16_t default_port, Url& url) {
  for (;;) {
    const auto comma = text.find(',');
    auto address = parse_address(text.substr(0, comma), default_port);
    if (!address) return std::unexpected(std::move(address.error()));
    url.hosts.push_back(std::move(*address));
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

Result<void> parse_login(std::string_view text, Url& url) {
  const auto colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = percent_decoded(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password) return wrong("has a % in its user or password that two hex digits do not follow");
  if (!user->empty() && password->empty()) return wrong("names a user without a password");
  url.user = *user;
  url.password = *password;
  return {};
}

Result<void> parse_path(std::string_view path, bool sentinel, Url& url) {
  if (sentinel) {
    const auto slash = path.find('/');
    const auto name = percent_decoded(path.substr(0, slash));
    if (!name || name->empty()) return wrong("does not say behind the / which primary the Sentinels watch");
    url.sentinel_name = *name;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  if (path.empty()) return {};
  const auto database = number_of<unsigned>(path);
  if (!database) return wrong(fmt::format("has the database \"{}\"; a database is a number", path));
  url.database = *database;
  return {};
}

Result<void> parse_query(std::string_view query, Url& url) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    auto value = percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    std::string* place = name == "ca"     ? &url.ca_file
                         : name == "cert" ? &url.cert_file
                         : name == "key"  ? &url.key_file
                                          : nullptr;
    if (place == nullptr) return wrong(fmt::format("has the option \"{}\"; there are ca, cert and key", name));
    if (!value || value->empty()) return wrong(fmt::format("has the option \"{}\" without a file name", name));
    *place = std::move(*value);
  }
  if (url.cert_file.empty() != url.key_file.empty()) return wrong("has one of cert and key; they go together");
  if (!url.tls && !(url.ca_file.empty() && url.cert_file.empty())) {
    return wrong("has ca, cert or key without TLS: write rediss://");
  }
  return {};
}

bool take_scheme(std::string_view& text, Url& url, bool& sentinel) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return false;
  std::string_view scheme = text.substr(0, end);
  text.remove_prefix(end + 3);
  sentinel = scheme.ends_with("+sentinel");
  if (sentinel) scheme.remove_suffix(std::string_view("+sentinel").size());
  url.tls = scheme == "rediss";
  return scheme == "redis" || scheme == "rediss";
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  bool sentinel = false;
  if (!take_scheme(text, url, sentinel)) return wrong("does not begin with redis:// or rediss://");
  if (text.find('#') != std::string_view::npos) return wrong("has a #; write %23 in a password");
  std::string_view query;
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    query = text.substr(mark + 1);
    if (query.find('@') != std::string_view::npos) return wrong("has a ? before its @; write %3F in a password");
    text = text.substr(0, mark);
  }
  const auto slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  const std::string_view path = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  // A / or @ that a password holds as it is would be read as something else, and then be shown: not shown.
  if (path.find('@') != std::string_view::npos) return wrong("has a / before its @; write %2F in a password");
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (authority.find('@') != at) return wrong("has two @; write %40 in a password");
    if (auto login = parse_login(authority.substr(0, at), url); !login) return std::unexpected(login.error());
    authority.remove_prefix(at + 1);
  }
  if (auto hosts = parse_hosts(authority, sentinel ? 26'379 : 6'379, url); !hosts) {
    return std::unexpected(hosts.error());
  }
  if (auto rest = parse_path(path, sentinel, url); !rest) return std::unexpected(rest.error());
  if (auto options = parse_query(query, url); !options) return std::unexpected(options.error());
  return url;
}

std::string to_text(const Address& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return six ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

std::string to_text(const Url& url) {
  std::string text = url.tls ? "rediss" : "redis";
  if (!url.sentinel_name.empty()) text += "+sentinel";
  text += "://";
  if (!url.user.empty() || !url.password.empty()) text += percent_encoded(url.user) + ":***@";
  for (std::size_t i = 0; i < url.hosts.size(); ++i) text += (i == 0 ? "" : ",") + to_text(url.hosts[i]);
  if (!url.sentinel_name.empty()) text += "/" + percent_encoded(url.sentinel_name);
  if (url.database != 0) text += fmt::format("/{}", url.database);
  char separator = '?';
  for (const auto& [name, file] :
       {std::pair{"ca=", &url.ca_file}, {"cert=", &url.cert_file}, {"key=", &url.key_file}}) {
    if (file->empty()) continue;
    text += separator + (name + percent_encoded(*file));
    separator = '&';
  }
  return text;
}

}  // namespace flashbid::redis
