// One auction from its beginning to its end: an operator makes it, two bid on it, somebody watches, and at the end all
// have seen the same history, whatever has happened to the server meanwhile.
//
//   one_auction [URL [SECONDS]]    against `flashbid serve --dev`; or with FLASHBID_TOKEN, an operator's token, against
//   any
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "flashbid/client.hpp"

namespace {

using namespace flashbid::client;
using namespace std::chrono_literals;

[[noreturn]] void give_up(const Problem& problem) {
  std::cerr << "one_auction: " << problem.code << ": " << problem.detail << std::endl;
  std::_Exit(1);
}

template <class T>
T take(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

Client client_of(std::string url, std::string name, BidsOver bids_over) {
  Options options{.urls = {std::move(url)}, .who = DevName{std::move(name)}, .bids_over = bids_over, .patience = 60s};
  if (const char* token = std::getenv("FLASHBID_TOKEN")) options.who = Token{token};
  return take(Client::open(std::move(options)));
}

// The server's clock decides when an auction ends.
Time server_now(Client& house) {
  while (!house.server_time().uncertainty) std::this_thread::sleep_for(10ms);
  return house.server_time().now;
}

struct Seen {
  std::vector<std::int64_t> amounts;
  Auction last;
};

// All bids up to what an auction rests on, read page by page.
std::vector<std::int64_t> amounts_until(Client& house, const Auction& auction) {
  std::vector<std::int64_t> amounts;
  for (std::uint64_t after = 0;;) {
    const std::vector<Bid> page = take(house.bids(auction.id, after));
    for (const Bid& bid : page) {
      if (bid.sequence <= auction.place.sequence) amounts.push_back(bid.amount);
    }
    if (page.empty()) return amounts;
    after = page.back().sequence;
  }
}

Seen watch_to_the_end(Client& house, Subscription& watched) {
  Seen seen;
  while (seen.last.state != AuctionState::closed) {
    auto update = take(watched.next(10s));
    if (!update) continue;  // nothing new
    seen.last = std::move(update->auction);
    if (update->kind == Update::Kind::reset) seen.amounts = amounts_until(house, seen.last);
    if (update->event && update->event->kind == EventKind::bid_accepted) seen.amounts.push_back(update->event->amount);
  }
  return seen;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
  const std::chrono::seconds open_for(argc > 2 ? std::atoi(argv[2]) : 5);

  Client house = client_of(url, "Olga", BidsOver::http);
  const Auction auction = take(house.create_auction(
      {.title = "A vase", .currency = "CNY", .opening_price = 10'000, .closes_at = server_now(house) + open_for}));
  std::cout << "auction " << auction.id << " is open until " << to_text(auction.closes_at) << std::endl;

  Subscription watched = house.subscribe(auction.id);
  while (!take(watched.next(10s))) continue;  // the auction as it is, before anybody bids
  Seen seen;
  std::thread watcher([&] { seen = watch_to_the_end(house, watched); });

  // One bids over a socket, the other over HTTP, in turns; each bids a little more than is asked for.
  Client bidders[] = {client_of(url, "Alice", BidsOver::websocket), client_of(url, "Bob", BidsOver::http)};
  std::vector<std::int64_t> accepted;
  std::int64_t amount = auction.opening_price;
  for (std::size_t turn = 0;; ++turn) {
    const BidResult result = take(bidders[turn % 2].bid(auction.id, amount));
    if (result.reason == Reason::closed) break;
    if (result.accepted()) {
      accepted.push_back(result.amount);
      std::cout << result.bidder << " bids " << result.amount << std::endl;
    }
    amount = result.minimum_next.value_or(amount) + static_cast<std::int64_t>(turn % 3);
    std::this_thread::sleep_for(20ms);
  }
  watcher.join();

  std::cout << "sold to " << seen.last.winner.value_or("nobody") << " for " << seen.last.price.value_or(0) << std::endl;
  if (seen.amounts != accepted || seen.last.bids != accepted.size()) {
    std::cerr << "one_auction: the watcher has seen another history" << std::endl;
    return 1;
  }
}
