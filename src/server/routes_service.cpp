// Health, metrics, pages and documents.
#include <string>
#include <utility>

#include "ledger/json_text.hpp"
#include "server/loop_server.hpp"
#include "server/pages.hpp"
#include "server/routes.hpp"

namespace flashbid::routes {

void healthz(Reply reply) { reply.json(R"({"status":"ok"})"); }

void readyz(Reply reply) {
  const Health health = reply.server().shared().health();
  if (!health.ready) return reply.refuse({ErrorCode::unavailable, health.reason});
  std::string& body = reply.server().scratch();
  body += R"({"status":"ready","degraded":[)";
  for (const std::string& wrong : health.degraded) {
    if (&wrong != &health.degraded.front()) body += ',';
    json::append_text(wrong, body);
  }
  body += "]}";
  reply.json(body);
}

void metrics(Reply reply) {
  reply.send(200, "text/plain; version=0.0.4; charset=utf-8", reply.server().shared().metrics());
}

void page(const HttpRequest& request, Reply reply) {
  const auto file = find_page(request.path);
  if (!file) return reply.refuse({ErrorCode::not_found, "there is no such page"});
  std::string headers("ETag: ");
  headers += file->etag;
  headers +=
      "\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'self'; img-src 'self' http: https: data:; base-uri 'none'; "
      "frame-ancestors 'none'\r\n";
  if (request.lists(HttpField::if_none_match, file->etag) || request.lists(HttpField::if_none_match, "*")) {
    return reply.send(304, {}, {}, headers);
  }
  reply.send(200, file->content_type, file->bytes, headers);
}

}  // namespace flashbid::routes
