#include "relay/amqp/url.hpp"

#include <amqp.h>
#include <fmt/format.h>

#include <algorithm>

namespace flashbid {
namespace {

constexpr std::string_view form = "give amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS";

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Failure::invalid, fmt::format("the RabbitMQ URL {}: {}", what, form));
}

}  // namespace

Result<AmqpUrl> AmqpUrl::parse(std::string_view text) {
  if (!text.starts_with("amqp://") && !text.starts_with("amqps://")) return wrong("does not begin with amqp://");
  if (text.find_first_of("?#") != std::string_view::npos) {
    return wrong("has a ? or #, which stand for nothing here (write %3F and %23 in a password)");
  }
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
  const bool six = url.host.find(':') != std::string::npos;
  url.shown = six ? fmt::format("[{}]:{}", url.host, url.port) : fmt::format("{}:{}", url.host, url.port);
  if (url.vhost != "/") url.shown += "/" + url.vhost;
  return url;
}

}  // namespace flashbid
