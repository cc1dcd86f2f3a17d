// The original demo's routes: items are CNY auctions, amounts are decimals of yuan read from their text.
#include <string>
#include <utility>

#include "ledger/json_text.hpp"
#include "server/admission.hpp"
#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"
#include "wire/encode.hpp"

namespace flashbid::routes {
namespace {

constexpr Duration open_for{86'400'000};

WireError no_such_item() { return {ErrorCode::not_found, "there is no such item"}; }

// Items are auctions in yuan; an auction in another currency is none.
bool is_item(const AuctionView& view) { return view.auction.terms->currency == Currency{}; }

Amount price_of(const Auction& auction) { return auction.standing_price().value_or(auction.terms->opening_price); }

void tell_init(Reply& reply, bool made, Amount start_price) {
  std::string& body = reply.server().scratch();
  body += made ? R"({"msg":"item made","redis_init":true,"start_price":)"
               : R"({"msg":"item exists and was left alone","redis_init":false,"start_price":)";
  body += to_decimal(start_price, 2);
  body += '}';
  reply.json(body);
}

void tell_rejected(Reply& reply, std::string_view why) {
  std::string& body = reply.server().scratch();
  body += R"({"status":"rejected","msg":)";
  json::append_text(why, body);
  body += '}';
  reply.json(body);
}

void tell_bid(Reply& reply, const BidAnswer& answer) {
  if (answer.verdict == Verdict::accepted) {
    std::string& body = reply.server().scratch();
    body += R"({"status":"accepted","new_price":)";
    body += to_decimal(answer.price.value_or(answer.amount), 2);
    body += '}';
    return reply.json(body);
  }
  std::string why(to_text(answer.reason));
  if (answer.price) why += ": the price is " + to_decimal(*answer.price, 2);
  tell_rejected(reply, why);
}

void submit_bid(const DemoBid& bid, Reply reply) {
  LoopServer& server = reply.server();
  BidRequest request{bid.item, {bid.user, bid.amount}, {}};
  when_admitted(server, {.bidder = bid.user, .address = {}, .auction = bid.item},
                [&server, request, waiting = QueuedBid(server),
                 reply = std::move(reply)](const std::optional<WireError>& refused) mutable {
                  if (refused) return reply.refuse(*refused);
                  request.submitted_at = waiting.submitted(server);
                  server.engine().submit(request, [waiting = std::move(waiting),
                                                   reply = std::move(reply)](const Result<BidAnswer>& answer) mutable {
                    if (!answer) return reply.fail(answer.error());
                    tell_bid(reply, *answer);
                    waiting.answered(reply.server());
                  });
                });
}

}  // namespace

void demo_init(const HttpRequest& request, Reply reply) {
  const auto wanted = decode_demo_init(request.body);
  if (!wanted) return reply.refuse(wanted.error());
  Engine& engine = reply.server().engine();
  const Timestamp now = engine.now();
  auto terms = std::make_shared<Terms>();
  terms->title = "Item " + std::to_string(wanted->item.value());
  terms->opening_price = wanted->start_price;
  terms->opens_at = now;
  terms->closes_at = now + open_for;
  if (const auto wrong = check_terms(*terms, now)) {
    return reply.refuse({ErrorCode::invalid_value, std::string(wrong->field) + ": " + wrong->detail});
  }
  const AuctionId item = wanted->item;
  engine.submit(CreateRequest{std::move(terms), item, std::nullopt},
                [reply = std::move(reply), item](Result<AuctionView> made) mutable {
                  if (made) return tell_init(reply, true, made->auction.terms->opening_price);
                  if (made.error().failure != Failure::conflict) return reply.fail(made.error());
                  Engine& there = reply.server().engine();
                  there.read(item, [reply = std::move(reply)](Result<AuctionView> old) mutable {
                    if (!old) return reply.fail(old.error());
                    tell_init(reply, false, old->auction.terms->opening_price);
                  });
                });
}

void demo_item(AuctionId item, Reply reply) {
  LoopServer& server = reply.server();
  server.engine().read(item, [reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return reply.fail(view.error());
    if (!is_item(*view)) return reply.refuse(no_such_item());
    std::string& body = reply.server().scratch();
    body += R"({"price":")";
    body += to_decimal(price_of(view->auction), 2);
    body += R"(","user_id":)";
    const BidderId leader = shown(view->auction.leader, reply.server().access().public_bidders());
    json::append_text(view->auction.bids == 0 ? "system" : leader.view(), body);
    body += '}';
    reply.json(body);
  });
}

void demo_bid(const HttpRequest& request, Reply reply) {
  const auto bid = decode_demo_bid(request.body);
  if (!bid) return reply.refuse(bid.error());
  LoopServer& server = reply.server();
  if (const auto refused = check_room(server)) return reply.refuse(*refused);
  // Here a first bid must exceed the start price. What the read tells is durable, and the price only rises from it.
  server.engine().read(bid->item, [reply = std::move(reply), bid = *bid](Result<AuctionView> view) mutable {
    if (!view) return reply.fail(view.error());
    if (!is_item(*view)) return reply.refuse(no_such_item());
    if (view->auction.bids == 0 && bid.amount == view->auction.terms->opening_price) {
      return tell_rejected(reply, "amount_below_minimum: a first bid must exceed the start price");
    }
    submit_bid(bid, std::move(reply));
  });
}

}  // namespace flashbid::routes
