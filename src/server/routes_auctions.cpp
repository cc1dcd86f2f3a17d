// /v1/auctions: creating, reading, listing, calling off, bidding, history, and who did what.
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "ledger/event_codec.hpp"
#include "server/admission.hpp"
#include "server/loop_server.hpp"
#include "server/request_log.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"
#include "wire/encode.hpp"

namespace flashbid::routes {
namespace {

WireError no_such_auction() { return {ErrorCode::not_found, "there is no such auction"}; }

void send_auction(Reply& reply, int status, const AuctionView& view, BidderNames names,
                  std::string_view extra_headers = {}) {
  std::string& body = reply.server().scratch();
  encode_auction(view, reply.server().engine().now(), names, body);
  reply.send(status, json_type, body, extra_headers);
}

void refuse(Reply& reply, const Error& error, ErrorCode conflict = ErrorCode::internal) {
  if (error.failure == Failure::not_found) return reply.refuse(no_such_auction());
  reply.fail(error, conflict);
}

// The key of an operator's POST, if it has one; an error if this is no operator.
std::expected<std::optional<KeyUse>, WireError> key_use(const Asker& asker, const HttpRequest& request,
                                                        LoopServer& server, Operation operation) {
  if (const auto refused = server.access().may_operate(asker.caller)) return std::unexpected(*refused);
  const auto key = server.access().key(request);
  if (!key) return std::unexpected(key.error());
  if (key->empty()) return std::nullopt;
  return KeyUse{operation, asker.caller.bidder, *key, fingerprint_of(request.body)};
}

Claim claim_of(const Asker& asker, AuctionId auction = {}) {
  return {.bidder = asker.caller.bidder,
          .address = asker.address,
          .auction = auction,
          .is_operator = asker.caller.role == access::Role::operator_};
}

void submit_bid(LoopServer& server, BidRequest bid, QueuedBid waiting, BidderNames names, Reply reply) {
  bid.submitted_at = waiting.submitted(server);
  server.engine().submit(
      bid, [waiting = std::move(waiting), names, reply = std::move(reply)](const Result<BidAnswer>& answer) mutable {
        if (!answer) return refuse(reply, answer.error());
        std::string& body = reply.server().scratch();
        encode_bid_answer(*answer, names, body);
        reply.json(body);
        waiting.answered(reply.server());
      });
}

// Names are of the alphabet of ids: nobody can write a line of his own by them.
void log_action(std::string_view action, AuctionId auction, const BidderId& by, const RequestId& request) {
  const LogOfRequest log(request);
  spdlog::info("operator: {} auction {}, by {}", action, auction.value(), by.empty() ? "somebody unknown" : by.view());
}

void submit_creation(LoopServer& server, CreateRequest create, BidderNames names, Reply reply) {
  const BidderId by = create.by;
  server.engine().submit(std::move(create), [by, names, reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return reply.fail(view.error(), ErrorCode::auction_exists);
    log_action("created", view->auction.id, by, reply.request_id());
    send_auction(reply, 201, *view, names,
                 "Location: /v1/auctions/" + std::to_string(view->auction.id.value()) + "\r\n");
  });
}

void submit_cancellation(LoopServer& server, CancelRequest cancel, BidderNames names, Reply reply) {
  const BidderId by = cancel.by;
  server.engine().submit(std::move(cancel), [by, names, reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return refuse(reply, view.error(), ErrorCode::auction_not_cancellable);
    log_action("cancelled", view->auction.id, by, reply.request_id());
    send_auction(reply, 200, *view, names);
  });
}

}  // namespace

void bid(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  if (const auto refused = server.access().may_bid(asker.caller)) return reply.refuse(*refused);
  if (const auto refused = check_room(server)) return reply.refuse(*refused);
  const auto key = server.access().key(request);
  if (!key) return reply.refuse(key.error());
  const auto amount = decode_bid(request.body);
  if (!amount) return reply.refuse(amount.error());
  const BidderNames names = server.access().bidders_for(asker.caller);
  const BidRequest bid{auction, {asker.caller.bidder, *amount}, *key};
  when_admitted(server, claim_of(asker, auction),
                [&server, bid, names, waiting = QueuedBid(server),
                 reply = std::move(reply)](const std::optional<WireError>& refused) mutable {
                  if (refused) return reply.refuse(*refused);
                  submit_bid(server, bid, std::move(waiting), names, std::move(reply));
                });
}

void create_auction(const Asker& asker, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  auto use = key_use(asker, request, server, Operation::create);
  if (!use) return reply.refuse(use.error());
  auto wanted = decode_new_auction(request.body, server.engine().now());
  if (!wanted) return reply.refuse(wanted.error());
  const BidderNames names = server.access().bidders_for(asker.caller);
  CreateRequest create{std::make_shared<const Terms>(std::move(wanted->terms)), wanted->id, std::move(*use),
                       asker.caller.bidder};
  when_admitted(server, claim_of(asker),
                [&server, names, create = std::move(create),
                 reply = std::move(reply)](const std::optional<WireError>& refused) mutable {
                  if (refused) return reply.refuse(*refused);
                  submit_creation(server, std::move(create), names, std::move(reply));
                });
}

void cancel_auction(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply) {
  LoopServer& server = reply.server();
  auto use = key_use(asker, request, server, Operation::cancel);
  if (!use) return reply.refuse(use.error());
  if (const auto wrong = decode_nothing(request.body)) return reply.refuse(*wrong);
  const BidderNames names = server.access().bidders_for(asker.caller);
  when_admitted(server, claim_of(asker, auction),
                [&server, names, cancel = CancelRequest{auction, std::move(*use), asker.caller.bidder},
                 reply = std::move(reply)](const std::optional<WireError>& refused) mutable {
                  if (refused) return reply.refuse(*refused);
                  submit_cancellation(server, std::move(cancel), names, std::move(reply));
                });
}

void read_auction(AuctionId auction, const Asker& asker, Reply reply) {
  LoopServer& server = reply.server();
  server.engine().read(auction, [names = server.access().bidders_for(asker.caller),
                                 reply = std::move(reply)](Result<AuctionView> view) mutable {
    if (!view) return refuse(reply, view.error());
    send_auction(reply, 200, *view, names);
  });
}

void list_auctions(const Asker& asker, const HttpRequest& request, Reply reply) {
  const auto query = decode_list_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().list(*query, [names = server.access().bidders_for(asker.caller),
                                reply = std::move(reply)](Result<AuctionPage> page) mutable {
    if (!page) return reply.fail(page.error());
    std::string& body = reply.server().scratch();
    encode_auction_page(*page, reply.server().engine().now(), names, body);
    reply.json(body);
  });
}

void list_bids(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply) {
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().events(
      {auction, query->after, query->limit, true},
      [names = server.access().bidders_for(asker.caller), reply = std::move(reply)](Result<EventsPage> page) mutable {
        if (!page) return refuse(reply, page.error());
        std::string& body = reply.server().scratch();
        const Result<void> encoded = encode_bids_page(*page, names, body);
        if (!encoded) return reply.fail(encoded.error());
        reply.json(body);
      });
}

void list_events(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply) {
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  LoopServer& server = reply.server();
  server.engine().events(
      {auction, query->after, query->limit, false},
      [names = server.access().bidders_for(asker.caller), reply = std::move(reply)](Result<EventsPage> page) mutable {
        if (!page) return refuse(reply, page.error());
        std::string& body = reply.server().scratch();
        const Result<void> encoded = encode_events_page(*page, names, body);
        if (!encoded) return reply.fail(encoded.error());
        reply.json(body);
      });
}

void list_increments(const HttpRequest& request, Reply reply) {
  const auto currency = decode_increments_query(request.query);
  if (!currency) return reply.refuse(currency.error());
  std::string& body = reply.server().scratch();
  encode_increments(*currency, body);
  reply.json(body);
}

void list_actions(AuctionId auction, const Asker& asker, Reply reply) {
  LoopServer& server = reply.server();
  if (const auto refused = server.access().may_operate(asker.caller)) return reply.refuse(*refused);
  server.engine().actions(auction, [reply = std::move(reply)](Result<std::vector<OperatorAction>> actions) mutable {
    if (!actions) return refuse(reply, actions.error());
    std::string& body = reply.server().scratch();
    encode_actions(*actions, body);
    reply.json(body);
  });
}

}  // namespace flashbid::routes
