#include "server/routes.hpp"

#include <string>
#include <utility>

#include "server/loop_server.hpp"

namespace flashbid::routes {
namespace {

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

void serve(HttpSession& session, const Place& place, const HttpRequest& request, Reply reply) {
  if (const auto refused = session.server().access().check(request)) return reply.refuse(*refused);
  if (place.target == Target::none) {
    const bool only_health = session.server().shared().offer == Offer::health;
    return reply.refuse({ErrorCode::not_found, only_health
                                                   ? "there are /healthz, /readyz and /metrics here"
                                                   : "there is nothing here; /openapi.json lists what there is"});
  }
  if (!allows(place.target, request.method)) {
    std::string allow("Allow: ");
    allow += allowed_methods(place.target);
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
