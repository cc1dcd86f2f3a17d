// Health, metrics, pages and documents.
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "ledger/json_text.hpp"
#include "server/loop_server.hpp"
#include "server/pages.hpp"
#include "server/routes.hpp"

namespace flashbid::routes {
namespace {

void append_texts(const std::vector<std::string>& texts, std::string& body) {
  body += '[';
  for (const std::string& text : texts) {
    if (&text != &texts.front()) body += ',';
    json::append_text(text, body);
  }
  body += ']';
}

}  // namespace

// What a page has to ask its visitor for.
void show_access(Reply reply) {
  const Access& access = reply.server().access();
  std::string& body = reply.server().scratch();
  body += R"({"login":")";
  body += access.is_dev() ? "name" : "token";
  body += R"(","accounts":)";
  body += access.accounts() != nullptr ? "true" : "false";
  body += R"(,"private":)";
  body += access.is_private() ? "true" : "false";
  body += R"(,"load":)";
  body += reply.server().shared().load != nullptr ? "true}" : "false}";
  reply.json(body);
}

void healthz(Reply reply) { reply.json(R"({"status":"ok"})"); }

void readyz(Reply reply) {
  const Health health = reply.server().shared().health();
  if (!health.ready) return reply.refuse({ErrorCode::unavailable, health.reason});
  std::string& body = reply.server().scratch();
  body += R"({"status":"ready","degraded":)";
  append_texts(health.degraded, body);
  body += '}';
  reply.json(body);
}

void metrics(Reply reply) {
  reply.send(200, "text/plain; version=0.0.4; charset=utf-8", reply.server().shared().metrics().text());
}

// For the operator's page: nothing but what those two say, where a proxy may keep them for the monitoring alone.
void show_health(const Asker& asker, Reply reply) {
  LoopServer& server = reply.server();
  if (const auto refused = server.access().may_operate(asker.caller)) return reply.refuse(*refused);
  const Health health = server.shared().health();
  std::string& body = server.scratch();
  body += health.ready ? R"({"ready":true,"reason":null,"degraded":)" : R"({"ready":false,"reason":)";
  if (!health.ready) {
    json::append_text(health.reason, body);
    body += R"(,"degraded":)";
  }
  append_texts(health.degraded, body);
  body += R"(,"metrics":{)";
  bool is_first = true;
  server.shared().metrics().each([&](std::string_view name, double value) {
    if (!std::isfinite(value)) return;  // JSON has no word for it
    if (!std::exchange(is_first, false)) body += ',';
    json::append_text(name, body);
    fmt::format_to(std::back_inserter(body), ":{}", value);
  });
  body += "}}";
  reply.json(body);
}

void page(const HttpRequest& request, Reply reply) {
  const auto file = find_page(request.path);
  if (!file) return reply.refuse({ErrorCode::not_found, "there is no such page"});
  std::string headers("ETag: ");
  headers += file->etag;
  headers += is_for_ever(request.path) ? "\r\nCache-Control: public, max-age=31536000, immutable"
                                       : "\r\nCache-Control: no-cache";
  headers +=
      "\r\nReferrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'self'; img-src 'self' http: https: data:; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'\r\n";
  if (request.lists(HttpField::if_none_match, file->etag) || request.lists(HttpField::if_none_match, "*")) {
    return reply.send(304, {}, {}, headers);
  }
  reply.send(200, file->content_type, file->bytes, headers);
}

}  // namespace flashbid::routes
