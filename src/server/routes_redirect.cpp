// The plain port beside TLS: it sends every request on to the same place there, and serves nothing.
#include <algorithm>
#include <string>

#include "server/loop_server.hpp"
#include "server/plain_hint.hpp"
#include "server/routes.hpp"

namespace flashbid::routes {

// The host is the request's own, and only one that the certificate names: nobody is sent elsewhere, or where the
// browser would refuse to go.
void redirect(const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  const std::string_view given = request.field(HttpField::host).value_or("");
  if (!is_plain_host(given)) {
    return reply.refuse({ErrorCode::bad_request, "this port only sends on to https, and the Host header is no host"});
  }
  if (const auto refused = server.access().check(request)) return reply.refuse(*refused);
  if (!request.path.starts_with('/')) {
    return reply.refuse({ErrorCode::bad_request, "this port only sends on to https, and only whole paths"});
  }
  const bool is_ipv6 = given.starts_with('[');
  const std::string_view host =
      given.substr(0, is_ipv6 ? given.find(']') + 1 : std::min(given.find(':'), given.size()));
  const std::string_view name = is_ipv6 ? host.substr(1, host.size() - 2) : host;
  if (!server.shared().certificate->names(std::string(name))) {
    return reply.refuse({ErrorCode::host_not_allowed, "the certificate of this server does not name this host"});
  }
  std::string headers("Location: https://");
  headers += host;
  constexpr std::uint16_t usual_port = 443;
  if (const std::uint16_t port = server.shared().redirect_port; port != usual_port) {
    headers += ':';
    headers += std::to_string(port);
  }
  headers += request.path;
  if (!request.query.empty()) {
    headers += '?';
    headers += request.query;
  }
  headers += "\r\n";
  reply.send(308, {}, {}, headers);
}

}  // namespace flashbid::routes
