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

void serve_post(const Place& place, const Asker& asker, const HttpRequest& request, Reply reply) {
  const bool takes_nothing = place.target == Target::cancel || place.target == Target::load_stop;
  const bool may_be_empty = takes_nothing && request.body.empty();
  if (!may_be_empty && !is_json(request)) {
    return reply.refuse({ErrorCode::unsupported_media_type, "the body must be application/json, in UTF-8"});
  }
  switch (place.target) {
    case Target::bids:
      return bid(place.auction, asker, request, std::move(reply));
    case Target::auctions:
      return create_auction(asker, request, std::move(reply));
    case Target::cancel:
      return cancel_auction(place.auction, asker, request, std::move(reply));
    case Target::accounts:
      return sign_up(asker, request, std::move(reply));
    case Target::account_password:
      return change_password(asker, request, std::move(reply));
    case Target::sessions:
      return log_in(asker, request, std::move(reply));
    case Target::session_refresh:
      return refresh_session(asker, request, std::move(reply));
    case Target::session_logout:
      return log_out(asker, request, std::move(reply));
    case Target::load:
      return start_load(request, std::move(reply));
    case Target::load_stop:
      return stop_load(request, std::move(reply));
    case Target::demo_init:
      return demo_init(request, std::move(reply));
    default:
      return demo_bid(request, std::move(reply));
  }
}

void serve_get(HttpSession& session, const Place& place, const Asker& asker, const HttpRequest& request, Reply reply) {
  switch (place.target) {
    case Target::auctions:
      return list_auctions(asker, request, std::move(reply));
    case Target::auction:
      return read_auction(place.auction, asker, std::move(reply));
    case Target::bids:
      return list_bids(place.auction, asker, request, std::move(reply));
    case Target::bids_csv:
      return download_bids(place.auction, session, asker, request, std::move(reply));
    case Target::events:
      if (asks_for_feed(request)) return follow_events(place.auction, session, asker, request, std::move(reply));
      return list_events(place.auction, asker, request, std::move(reply));
    case Target::actions:
      return list_actions(place.auction, asker, std::move(reply));
    case Target::explain:
      return explain_auction(place.auction, asker, request, std::move(reply));
    case Target::stream:
      return open_stream(session, asker, request, std::move(reply));
    case Target::access:
      return show_access(std::move(reply));
    case Target::increments:
      return list_increments(request, std::move(reply));
    case Target::healthz:
      return healthz(std::move(reply));
    case Target::readyz:
      return readyz(std::move(reply));
    case Target::metrics:
      return metrics(std::move(reply));
    case Target::health:
      return show_health(asker, std::move(reply));
    case Target::load:
      return show_load(std::move(reply));
    case Target::demo_item:
      return demo_item(place.auction, std::move(reply));
    default:
      return page(request, std::move(reply));
  }
}

// What somebody's right or limit depends on; all else is for everybody.
bool asks_who(Target target) {
  switch (target) {
    case Target::auctions:
    case Target::auction:
    case Target::bids:
    case Target::bids_csv:
    case Target::events:
    case Target::actions:
    case Target::explain:
    case Target::cancel:
    case Target::stream:
    case Target::increments:
    case Target::health:
      return true;
    default:
      return false;
  }
}

// A stream may be told who asks by its first frame.
std::expected<Caller, WireError> identify(HttpSession& session, Target target, const HttpRequest& request,
                                          Asker& asker) {
  LoopServer& server = session.server();
  asker.address = server.access().client(request, session.peer());
  auto caller = server.access().caller(request, asker.address, server.engine().now());
  if (caller && target != Target::stream) {
    if (const auto refused = server.access().may_read(*caller)) return std::unexpected(*refused);
  }
  return caller;
}

}  // namespace

void serve(HttpSession& session, const Place& place, const HttpRequest& request, Reply reply) {
  const Access& access = session.server().access();
  if (const auto refused = session.server().access().check(request)) return reply.refuse(*refused);
  if (!access.origins().empty()) {
    if (const std::string headers = access.headers_for_origin(request); !headers.empty()) reply.add_headers(headers);
  }
  const bool is_missing = is_of_accounts(place.target) && access.accounts() == nullptr;
  if (place.target == Target::none || is_missing) {
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
  Asker asker;
  // Who logs in has no token that counts, and may send one that has expired.
  if (is_of_accounts(place.target)) asker.address = session.server().access().client(request, session.peer());
  if (asks_who(place.target)) {
    const auto caller = identify(session, place.target, request, asker);
    if (!caller) {
      // Wrong tokens cost a signature each: who goes on with them has to connect again for each.
      if (caller.error().code == ErrorCode::rate_limited) reply.end_connection();
      return reply.refuse(caller.error());
    }
    asker.caller = *caller;
  }
  if (request.method == Method::post) return serve_post(place, asker, request, std::move(reply));
  serve_get(session, place, asker, request, std::move(reply));
}

}  // namespace flashbid::routes
