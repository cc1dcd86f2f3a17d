// /v1/auctions: creating, reading, listing, calling off, bidding, history.
#include <string>
#include <utility>

#include "ledger/event_codec.hpp"
#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"
#include "wire/encode.hpp"

namespace flashbid::routes {
namespace {

WireError no_such_auction() { return {ErrorCode::not_found, "there is no such auction"}; }

void send_auction(Reply& reply, int status, const AuctionView& view, std::string_view extra_headers = {}) {
  std::string& body = reply.server().scratch();
  encode_auction(view, reply.server().engine().now(), body);
  reply.send(status, json_type, body, extra_headers);
}

void refuse(Reply& reply, const Error& error, ErrorCode conflict = ErrorCode::internal) {
  if (error.failure == Failure::not_found) return reply.refuse(no_such_auction());
  reply.fail(error, conflict);
}

// The key of an operator's POST, if it has one.
std::expected<std::optional<KeyUse>, WireError> key_use(const HttpRequest& request, LoopServer& server,
                                                        Operation operation) {
  const auto key = server.access().key(request);
  if (!key) return std::unexpected(key.error());
  const auto caller = server.access().caller(request);
  if (!caller) return std::unexpected(caller.error());
  if (key->empty()) return std::nullopt;
  return KeyUse{operation, *caller, *key, fingerprint_of(request.body)};
}

}  // namespace

void bid(AuctionId auction, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  const auto bidder = server.access().caller(request);
  if (!bidder) return reply.refuse(bidder.error());
  if (bidder->empty()) {
    return reply.refuse({ErrorCode::unauthenticated, "say who bids: with --dev in the header X-Bidder"});
  }
  const auto key = server.access().key(request);
  if (!key) return reply.refuse(key.error());
  const auto amount = decode_bid(request.body);
  if (!amount) return reply.refuse(amount.error());
  server.engine().submit(BidRequest{auction, {*bidder, *amount}, *key},
                         [reply = std::move(reply)](Result<BidAnswer> answer) mutable {
                           if (!answer) return refuse(reply, answer.error());
                           std::string& body = reply.server().scratch();
                           encode_answer(*answer, body);
                           reply.json(body);
                         });
}

void create_auction(const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  auto use = key_use(request, server, Operation::create);
  if (!use) return reply.refuse(use.error());
  auto wanted = decode_new_auction(request.body, server.engine().now());
  if (!wanted) return reply.refuse(wanted.error());
  CreateRequest create{std::make_shared<const Terms>(std::move(wanted->terms)), wanted->id, std::move(*use)};
  server.engine().submit(std::move(create), [reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return reply.fail(view.error(), ErrorCode::auction_exists);
    send_auction(reply, 201, *view, "Location: /v1/auctions/" + std::to_string(view->auction.id.value()) + "\r\n");
  });
}

void cancel_auction(AuctionId auction, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  auto use = key_use(request, server, Operation::cancel);
  if (!use) return reply.refuse(use.error());
  if (const auto wrong = decode_nothing(request.body)) return reply.refuse(*wrong);
  server.engine().submit(CancelRequest{auction, std::move(*use)},
                         [reply = std::move(reply)](Result<AuctionView> view) mutable {
                           if (!view) return refuse(reply, view.error(), ErrorCode::auction_not_cancellable);
                           send_auction(reply, 200, *view);
                         });
}

void read_auction(AuctionId auction, Reply reply) {
  LoopServer& server = reply.server();
  server.engine().read(auction, [reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return refuse(reply, view.error());
    send_auction(reply, 200, *view);
  });
}

void list_auctions(const HttpRequest& request, Reply reply) {
  const auto query = decode_list_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().list(*query, [reply = std::move(reply)](Result<AuctionPage> page) mutable {
    if (!page) return reply.fail(page.error());
    std::string& body = reply.server().scratch();
    encode_auction_page(*page, reply.server().engine().now(), body);
    reply.json(body);
  });
}

void list_bids(AuctionId auction, const HttpRequest& request, Reply reply) {
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().events({auction, query->after, query->limit, true},
                         [reply = std::move(reply)](Result<EventsPage> page) mutable {
                           if (!page) return refuse(reply, page.error());
                           std::string& body = reply.server().scratch();
                           const Result<void> encoded = encode_bids_page(*page, body);
                           if (!encoded) return reply.fail(encoded.error());
                           reply.json(body);
                         });
}

void list_events(AuctionId auction, const HttpRequest& request, Reply reply) {
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().events({auction, query->after, query->limit, false},
                         [reply = std::move(reply)](Result<EventsPage> page) mutable {
                           if (!page) return refuse(reply, page.error());
                           std::string& body = reply.server().scratch();
                           encode_events_page(*page, body);
                           reply.json(body);
                         });
}

}  // namespace flashbid::routes
