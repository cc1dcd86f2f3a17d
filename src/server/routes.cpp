#include "server/routes.hpp"

#include <array>
#include <utility>

#include "server/loop_server.hpp"
#include "server/pages.hpp"
#include "wire/decode.hpp"

namespace flashbid::routes {
namespace {

// The methods of each target, as `Allow` names them.
std::string_view allowed(Target target) {
  switch (target) {
    case Target::auctions:
    case Target::bids:
      return "GET, HEAD, POST, OPTIONS";
    case Target::cancel:
    case Target::demo_init:
    case Target::demo_bid:
      return "POST, OPTIONS";
    default:
      return "GET, HEAD, OPTIONS";
  }
}

bool allows(Target target, Method method) {
  switch (method) {
    case Method::get:
    case Method::head:
      return target != Target::cancel && target != Target::demo_init && target != Target::demo_bid;
    case Method::post:
      return target == Target::auctions || target == Target::bids || target == Target::cancel ||
             target == Target::demo_init || target == Target::demo_bid;
    default:
      return false;
  }
}

bool takes_query(Target target, Method method) {
  if (target == Target::page) return true;
  return method != Method::post && (target == Target::auctions || target == Target::bids || target == Target::events);
}

bool asks_for_feed(const HttpRequest& request) {
  return request.method == Method::get &&
         request.field(HttpField::accept).value_or("").find("text/event-stream") != std::string_view::npos;
}

void serve_post(const Place& place, const HttpRequest& request, Reply reply) {
  const bool may_be_empty = place.target == Target::cancel && request.body.empty();
  if (!may_be_empty && !is_json(request)) {
    return reply.refuse({ErrorCode::unsupported_media_type, "the body must be application/json, in UTF-8"});
  }
  switch (place.target) {
    case Target::bids:
      return bid(place.auction, request, std::move(reply));
    case Target::auctions:
      return create_auction(request, std::move(reply));
    case Target::cancel:
      return cancel_auction(place.auction, request, std::move(reply));
    case Target::demo_init:
      return demo_init(request, std::move(reply));
    default:
      return demo_bid(request, std::move(reply));
  }
}

void serve_get(HttpSession& session, const Place& place, const HttpRequest& request, Reply reply) {
  switch (place.target) {
    case Target::auctions:
      return list_auctions(request, std::move(reply));
    case Target::auction:
      return read_auction(place.auction, std::move(reply));
    case Target::bids:
      return list_bids(place.auction, request, std::move(reply));
    case Target::events:
      if (asks_for_feed(request)) return follow_events(place.auction, session, request, std::move(reply));
      return list_events(place.auction, request, std::move(reply));
    case Target::stream:
      return open_stream(session, request, std::move(reply));
    case Target::healthz:
      return healthz(std::move(reply));
    case Target::readyz:
      return readyz(std::move(reply));
    case Target::metrics:
      return metrics(std::move(reply));
    case Target::demo_item:
      return demo_item(place.auction, std::move(reply));
    default:
      return page(request, std::move(reply));
  }
}

}  // namespace

Place find(std::string_view path, bool dev) {
  constexpr std::string_view auctions = "/v1/auctions";
  if (path.starts_with(auctions)) {
    std::string_view rest = path.substr(auctions.size());
    if (rest.empty()) return {Target::auctions, {}};
    if (!rest.starts_with('/')) return {};
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const auto id = parse_auction_id(rest.substr(0, slash));
    if (!id) return {};
    const std::string_view part = rest.substr(slash);
    if (part == "/bids") return {Target::bids, *id};
    if (part.empty()) return {Target::auction, *id};
    if (part == "/events") return {Target::events, *id};
    if (part == "/cancel") return {Target::cancel, *id};
    return {};
  }
  if (path == "/v1/stream") return {Target::stream, {}};
  if (path == "/healthz") return {Target::healthz, {}};
  if (path == "/readyz") return {Target::readyz, {}};
  if (path == "/metrics") return {Target::metrics, {}};
  if (dev) {
    constexpr std::string_view item = "/item/";
    if (path == "/init") return {Target::demo_init, {}};
    if (path == "/bid") return {Target::demo_bid, {}};
    if (path.starts_with(item)) {
      const auto id = parse_auction_id(path.substr(item.size()));
      return id ? Place{Target::demo_item, *id} : Place{};
    }
  }
  if (find_page(path)) return {Target::page, {}};
  return {};
}

bool wants_connection_alone(const HttpRequest& request) {
  if (request.method != Method::get && request.method != Method::head) return false;
  const Target target = find(request.path, false).target;
  return target == Target::stream || target == Target::auctions || target == Target::bids || target == Target::events;
}

void serve(HttpSession& session, const HttpRequest& request, Reply reply) {
  if (const auto refused = session.server().access().check(request)) return reply.refuse(*refused);
  const Place place = find(request.path, session.server().shared().dev);
  if (place.target == Target::none) {
    return reply.refuse({ErrorCode::not_found, "there is nothing here; /openapi.json lists what there is"});
  }
  if (!allows(place.target, request.method)) {
    std::string allow("Allow: ");
    allow += allowed(place.target);
    allow += "\r\n";
    if (request.method == Method::options) return reply.send(204, {}, {}, allow);
    return reply.refuse({ErrorCode::method_not_allowed, "this route has other methods: see Allow"}, allow);
  }
  if (!request.query.empty() && !takes_query(place.target, request.method)) {
    return reply.refuse({ErrorCode::invalid_query, "this route takes no query"});
  }
  if (request.method == Method::post) return serve_post(place, request, std::move(reply));
  serve_get(session, place, request, std::move(reply));
}

}  // namespace flashbid::routes
