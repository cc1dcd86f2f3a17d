// Which handler answers which method and path. Called on the session's loop, once a request.
#pragma once

#include "base/ids.hpp"
#include "server/access.hpp"
#include "server/reply.hpp"
#include "server/targets.hpp"
#include "wire/http_reader.hpp"

namespace flashbid::routes {

// Gives `reply` its answer, now or later, or hands the session's socket over to a stream.
void serve(HttpSession& session, const Place& place, const HttpRequest& request, Reply reply);

// Who asks, and from where.
struct Asker {
  Caller caller;
  IpAddress address;
};
// On a port that only sends on to TLS: every request, to the same place there.
void redirect(const HttpRequest& request, Reply reply);

// Handlers. The request's views end with the call.
void create_auction(const Asker& asker, const HttpRequest& request, Reply reply);
void list_auctions(const Asker& asker, const HttpRequest& request, Reply reply);
void read_auction(AuctionId auction, const Asker& asker, Reply reply);
void cancel_auction(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply);
void bid(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply);
void list_bids(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply);
void list_events(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply);
void list_actions(AuctionId auction, const Asker& asker, Reply reply);
void explain_auction(AuctionId auction, const Asker& asker, const HttpRequest& request, Reply reply);
void follow_events(AuctionId auction, HttpSession& session, const Asker& asker, const HttpRequest& request,
                   Reply reply);
// All of them as a file, of which no more than a page is in memory.
void download_bids(AuctionId auction, HttpSession& session, const Asker& asker, const HttpRequest& request,
                   Reply reply);
void open_stream(HttpSession& session, const Asker& asker, const HttpRequest& request, Reply reply);

void show_access(Reply reply);
void list_increments(const HttpRequest& request, Reply reply);
// A house's own accounts. No answer and no log holds what was sent.
void sign_up(const Asker& asker, const HttpRequest& request, Reply reply);
void change_password(const Asker& asker, const HttpRequest& request, Reply reply);
void log_in(const Asker& asker, const HttpRequest& request, Reply reply);
void refresh_session(const Asker& asker, const HttpRequest& request, Reply reply);
void log_out(const Asker& asker, const HttpRequest& request, Reply reply);

void healthz(Reply reply);
void readyz(Reply reply);
void metrics(Reply reply);
void show_health(const Asker& asker, Reply reply);
void page(const HttpRequest& request, Reply reply);

void start_load(const HttpRequest& request, Reply reply);
void show_load(Reply reply);
void stop_load(const HttpRequest& request, Reply reply);

void demo_init(const HttpRequest& request, Reply reply);
void demo_item(AuctionId item, Reply reply);
void demo_bid(const HttpRequest& request, Reply reply);

}  // namespace flashbid::routes
