// /v1/load: bots against one auction of this server, through their port. Only with --dev.
#include <string>
#include <utility>

#include "server/load.hpp"
#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"

namespace flashbid::routes {
namespace {

// From the making of an auction to its end, beyond the bidding: bots connect first, and snipers bid last.
constexpr Duration slack{1'000};
constexpr Duration end_window{300};
constexpr std::uint32_t most_extensions = 5;
constexpr std::uint32_t bots_that_take_turns = 3;  // from so many on nobody needs to outbid himself

void tell_run(Reply& reply, int status, const LoadRun& run) {
  std::string& body = reply.server().scratch();
  encode_load_run(run, reply.server().engine().now(), body);
  reply.send(status, json_type, body);
}

void begin(LoadPlace& place, const LoadOrder& order, AuctionId auction, Reply reply) {
  const bool made_for_it = !order.auction;
  const auto run = place.start({order, auction, made_for_it, reply.server().engine().now()});
  if (!run) return reply.fail(run.error());
  tell_run(reply, 202, **run);
}

SharedTerms terms_for(const LoadOrder& order, Timestamp now) {
  auto terms = std::make_shared<Terms>();
  terms->title = std::to_string(order.bots) + " bots bid here / 机器人竞价";
  terms->description = "Made by the load panel. It closes soon after the bots have ended.";
  terms->opening_price = Amount{10'000};
  terms->increment = Increment::fixed(Amount{100}).value();
  terms->opens_at = now;
  terms->closes_at = now + order.duration + slack;
  terms->soft_close = SoftClose{end_window, end_window, SoftClose::Mode::from_bid, most_extensions};
  terms->self_outbid = order.bots < bots_that_take_turns;
  return terms;
}

void begin_on_new_auction(LoadPlace place, const LoadOrder& order, Reply reply) {
  Engine& engine = reply.server().engine();
  engine.submit(CreateRequest{terms_for(order, engine.now()), std::nullopt, std::nullopt},
                [place = std::move(place), order, reply = std::move(reply)](const Result<AuctionView>& made) mutable {
                  if (!made) return reply.fail(made.error());
                  begin(place, order, made->auction.id, std::move(reply));
                });
}

void begin_on_auction(LoadPlace place, const LoadOrder& order, Reply reply) {
  reply.server().engine().read(*order.auction, [place = std::move(place), order,
                                                reply = std::move(reply)](const Result<AuctionView>& view) mutable {
    if (!view && view.error().failure == Failure::not_found) {
      return reply.refuse({ErrorCode::not_found, "there is no such auction"});
    }
    if (!view) return reply.fail(view.error());
    if (view->auction.state != AuctionState::open) {
      return reply.refuse({ErrorCode::auction_not_open,
                           "it is " + std::string(to_text(view->auction.state)) + ": bots bid on open auctions"});
    }
    begin(place, order, *order.auction, std::move(reply));
  });
}

// Null = the request has been refused.
Load* load_of(Reply& reply) {
  Load* const load = reply.server().shared().load;
  if (load == nullptr) {
    reply.refuse({ErrorCode::not_implemented,
                  "there are no bots here: they speak plain http only, so serve --dev without --tls-cert"});
  }
  return load;
}

}  // namespace

void start_load(const HttpRequest& request, Reply reply) {
  Load* const load = load_of(reply);
  if (load == nullptr) return;
  const auto order = decode_load_order(request.body);
  if (!order) return reply.refuse(order.error());
  LoadPlace place(*load);
  if (!place.is_taken()) {
    return reply.refuse({ErrorCode::load_running, "wait until it is over, or stop it: POST /v1/load/stop"});
  }
  if (order->auction) return begin_on_auction(std::move(place), *order, std::move(reply));
  begin_on_new_auction(std::move(place), *order, std::move(reply));
}

void show_load(Reply reply) {
  if (Load* const load = load_of(reply)) tell_run(reply, 200, *load->run());
}

void stop_load(const HttpRequest& request, Reply reply) {
  Load* const load = load_of(reply);
  if (load == nullptr) return;
  if (const auto wrong = decode_nothing(request.body)) return reply.refuse(*wrong);
  load->stop();
  tell_run(reply, 200, *load->run());
}

}  // namespace flashbid::routes
