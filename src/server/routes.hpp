// Which handler answers which method and path. Called on the session's loop, once a request.
#pragma once

#include "base/ids.hpp"
#include "server/reply.hpp"
#include "server/targets.hpp"
#include "wire/http_reader.hpp"

namespace flashbid::routes {

// Gives `reply` its answer, now or later, or hands the session's socket over to a stream.
void serve(HttpSession& session, const Place& place, const HttpRequest& request, Reply reply);

// Handlers. The request's views end with the call.
void create_auction(const HttpRequest& request, Reply reply);
void list_auctions(const HttpRequest& request, Reply reply);
void read_auction(AuctionId auction, Reply reply);
void cancel_auction(AuctionId auction, const HttpRequest& request, Reply reply);
void bid(AuctionId auction, const HttpRequest& request, Reply reply);
void list_bids(AuctionId auction, const HttpRequest& request, Reply reply);
void list_events(AuctionId auction, const HttpRequest& request, Reply reply);
void follow_events(AuctionId auction, HttpSession& session, const HttpRequest& request, Reply reply);
void open_stream(HttpSession& session, const HttpRequest& request, Reply reply);

void healthz(Reply reply);
void readyz(Reply reply);
void metrics(Reply reply);
void page(const HttpRequest& request, Reply reply);

void demo_init(const HttpRequest& request, Reply reply);
void demo_item(AuctionId item, Reply reply);
void demo_bid(const HttpRequest& request, Reply reply);

}  // namespace flashbid::routes
