#include "relay/amqp/url.hpp"

#include <amqp.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/percent.hpp"

namespace flashbid {
namespace {

constexpr std::string_view form = "give amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://…?ca=FILE for TLS";

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Failure::invalid, fmt::format("the RabbitMQ URL {}: {}", what, form));
}

Result<void> parse_query(std::string_view query, AmqpUrl& url) {
  constexpr std::string_view only = "ca=";
  if (!query.starts_with(only)) return wrong(fmt::format("has the option \"{}\"; there is ca", query));
  auto file = percent_decoded(query.substr(only.size()));
  if (!file || file->empty()) return wrong("has the option ca without a file name");
  if (!url.tls) return wrong("has the option ca without TLS");
  url.ca_file = std::move(*file);
  return {};
}

}  // namespace

Result<AmqpUrl> AmqpUrl::parse(std::string_view text) {
  if (!text.starts_with("amqp://") && !text.starts_with("amqps://")) return wrong("does not begin with amqp://");
  if (text.find('#') != std::string_view::npos) return wrong("has a # (write %23 in a password)");
  const auto mark = text.find('?');
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  if (query.find('@') != std::string_view::npos) return wrong("has a ? before its @ (write %3F in a password)");
  text = text.substr(0, mark);
  const std::string_view behind = text.substr(text.find("://") + 3);
  const std::string_view place = behind.substr(0, behind.find('/'));
  if (place.empty() || place.ends_with('@')) return wrong("names no host");
  if (std::ranges::count(place, '@') > 1) return wrong("has two @ (write %40 in a password)");
  std::string buffer(text);  // is cut into pieces in place
  amqp_connection_info read{};
  if (amqp_parse_url(buffer.data(), &read) != AMQP_STATUS_OK) return wrong("cannot be read");
  const std::string_view host(read.host);
  if (host.empty() || host.find_first_of(" \t\r\n@/") != std::string_view::npos) return wrong("names no host");
  if (read.port <= 0 || read.port > 65'535) return wrong("has a port that is not a number of 1 … 65535");
  AmqpUrl url;
  url.host = host;
  url.port = static_cast<std::uint16_t>(read.port);
  url.user = read.user;
  url.password = read.password;
  if (*read.vhost != '\0') url.vhost = read.vhost;
  url.tls = read.ssl != 0;
  if (mark != std::string_view::npos) {
    if (auto options = parse_query(query, url); !options) return std::unexpected(std::move(options.error()));
  }
  const bool six = url.host.find(':') != std::string::npos;
  url.shown = six ? fmt::format("[{}]:{}", url.host, url.port) : fmt::format("{}:{}", url.host, url.port);
  if (url.vhost != "/") url.shown += "/" + url.vhost;
  return url;
}

}  // namespace flashbid
