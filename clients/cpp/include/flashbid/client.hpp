// A FlashBid house, seen from a C++ program: make and read auctions, bid, watch, and never miss an event. What goes
// wrong on the way (a lost connection, a restart, a reader that was too slow) is mended in here.
//
//   auto house = flashbid::client::Client::open({.urls = {"http://127.0.0.1:8080"}, .who = DevName{"Alice"}});
//   auto watched = house->subscribe(1);
//   while (auto update = watched.next(std::chrono::seconds(10))) if (*update) show((*update)->auction.price);
//
// Threads: a client has one thread of its own, which does all that waits for the network. Any thread may call any
// method of a Client, at once with others; a call blocks until there is an answer or `patience` has ended. One thread
// at a time calls a Subscription's next(); any thread may end() it. Nothing of the caller's is ever called back, so
// nothing can be called from the wrong thread. No exception is thrown but std::bad_alloc, and std::system_error where
// the system gives no thread.
#pragma once

#include <memory>

#include "flashbid/types.hpp"

namespace flashbid::client {

// Who asks: nobody (reading what is public), the holder of a token, or with `serve --dev` somebody of that name.
struct Nobody {
  friend bool operator==(const Nobody&, const Nobody&) = default;
};
struct Token {
  std::string text;
  friend bool operator==(const Token&, const Token&) = default;
};
struct DevName {
  std::string name;
  friend bool operator==(const DevName&, const DevName&) = default;
};
using Who = std::variant<Nobody, Token, DevName>;

// Which way bids go. The socket is the shorter one; both have the same answers, and the same keys.
enum class BidsOver : std::uint8_t { websocket, http };

struct Options {
  // Nodes of one house: http://HOST[:PORT]. The client goes on to the next one when it is not let in.
  std::vector<std::string> urls{"http://127.0.0.1:8080"};
  Who who = Nobody{};
  BidsOver bids_over = BidsOver::websocket;
  // How long a call asks again before it gives up.
  Milliseconds patience{20'000};
};

enum class Mode : std::uint8_t {
  every,   // every event once, in order
  latest,  // always the newest state, and nothing late
};

struct AuctionQuery {
  std::optional<AuctionState> state;
  std::uint32_t limit = 100;
  std::string cursor;  // AuctionPage::next_cursor
};

// An idempotency key that nobody has used: 32 hexadecimal digits.
[[nodiscard]] std::string new_key();

// One auction that is watched. It ends with end(), with its client, when another subscription of the same client takes
// the same auction, or when the server will not show it.
class Subscription {
 public:
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  // Waits for what comes next: an update, none if there was none within `timeout`, or why there will be none any more
  // (`ended`, `not_found`, `forbidden`, …). Whoever asks late misses nothing: what does not fit in memory is asked for
  // again from the server.
  [[nodiscard]] Result<std::optional<Update>> next(Milliseconds timeout);
  // Whoever waits in next() is told, what has not been asked for yet is dropped.
  void end();

 private:
  friend class Client;
  struct Inside;
  explicit Subscription(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

class Client {
 public:
  // Fails only for what can never succeed, such as a wrong URL: a server that is not there now may come.
  [[nodiscard]] static Result<Client> open(Options options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  // No other thread may be in a call any more, but in next() of a subscription, which is told `ended`.
  ~Client();

  // A new token for the same bidder, before the old one ends. Somebody else needs a client of their own.
  Result<void> renew(Token token);

  // Bids, and waits for the answer across lost connections: the same key is sent again, which has one effect. A bid
  // that loses by the rules is a result. The problem `outcome_unknown`: it was sent and no answer came in time, so it
  // may stand; bid with that key again to learn it. Any other problem: surely not done.
  [[nodiscard]] Result<BidResult> bid(std::uint64_t auction_id, std::int64_t amount, std::string key = new_key());

  // Watches from now on. The first update is the auction as it is.
  [[nodiscard]] Subscription subscribe(std::uint64_t auction_id, Mode mode = Mode::every);

  // An operator's. The same key makes one auction, also when an answer was lost.
  [[nodiscard]] Result<Auction> create_auction(const NewAuction& wanted, std::string key = new_key());
  [[nodiscard]] Result<Auction> cancel_auction(std::uint64_t auction_id);

  [[nodiscard]] Result<Auction> auction(std::uint64_t auction_id);
  [[nodiscard]] Result<AuctionPage> auctions(const AuctionQuery& query = {});
  // Pages of at most `limit` (1000), in order, from behind a sequence; an empty one is the last.
  [[nodiscard]] Result<std::vector<Bid>> bids(std::uint64_t auction_id, std::uint64_t after_sequence = 0,
                                              std::uint32_t limit = 1000);
  [[nodiscard]] Result<std::vector<Event>> events(std::uint64_t auction_id, std::uint64_t after_sequence = 0,
                                                  std::uint32_t limit = 1000);

  // The server's clock, which alone decides when an auction closes: measured over the socket once there is one, which
  // a subscription, a bid over it, or this call opens. `uncertainty` is how far it may be off; none = not measured yet,
  // then it is this machine's clock.
  struct ServerTime {
    Time now;
    std::optional<Milliseconds> uncertainty;
  };
  [[nodiscard]] ServerTime server_time();

  // Whether there is a socket to the server right now.
  [[nodiscard]] bool is_live() const;

 private:
  friend class Subscription;
  struct Inside;
  explicit Client(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;
};

}  // namespace flashbid::client
