// What FlashBid says and takes, as values: what docs/reference and /openapi.json describe, in C++. Plain values: any
// thread may copy and read them. Money is whole minor units of the auction's currency, 0 … 2^53-1; times are UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flashbid::client {

using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Milliseconds>;

// Why there is no result.
struct Problem {
  // Of the server's table of errors (docs/errors.md), or of the client's own making: `unavailable` (nobody was reached;
  // surely not done), `outcome_unknown` (it may have been done: ask again with the same key), `malformed_answer`,
  // `ended` (the client, or the subscription, is no more).
  std::string code;
  std::string detail;  // one sentence for people
  int status = 0;      // of HTTP; 0 = it came over the socket, or from the client itself
  std::optional<std::chrono::seconds> retry_after;
};

template <class T>
using Result = std::expected<T, Problem>;

enum class AuctionState : std::uint8_t { scheduled, open, closed, cancelled };

// Why a bid was refused by the rules. `other`: by one that this client does not know yet.
enum class Reason : std::uint8_t {
  none,
  not_open_yet,
  closed,
  cancelled,
  own_auction,
  already_leading,
  amount_below_minimum,
  amount_above_limit,
  other,
};

// `other`: of a newer server.
enum class EventKind : std::uint8_t { created, opened, bid_accepted, extended, closed, cancelled, other };

// As the server writes them.
[[nodiscard]] std::string_view to_text(AuctionState state);
[[nodiscard]] std::string_view to_text(Reason reason);
[[nodiscard]] std::string_view to_text(EventKind kind);
[[nodiscard]] std::string to_text(Time time);

// Where somebody is in an auction's history.
struct Place {
  std::uint64_t epoch = 0;     // changes when history may have been lost
  std::uint64_t sequence = 0;  // gapless from 1 in an auction
  friend bool operator==(const Place&, const Place&) = default;
};

// What moves while an auction runs.
struct Standing {
  AuctionState state = AuctionState::scheduled;
  std::optional<std::int64_t> price;         // none before the first bid
  std::optional<std::string> leader;         // the same
  std::optional<std::int64_t> minimum_next;  // none = nobody can bid higher
  std::uint64_t bids = 0;
  Time closes_at;
  std::uint32_t extensions = 0;
  std::optional<bool> reserve_met;    // none = there is no reserve; no event tells of it, a new reading does
  std::optional<std::string> winner;  // none before the close, or if it was not sold
  std::optional<bool> sold;           // none before the close
  std::uint32_t watchers = 0;
  Place place;       // that all of this rests on
  Time server_time;  // when it was said
  friend bool operator==(const Standing&, const Standing&) = default;
};

struct IncrementRow {
  std::optional<std::int64_t> below;  // up to this price, exclusive; none = from there on
  std::int64_t step = 1;
  friend bool operator==(const IncrementRow&, const IncrementRow&) = default;
};
// A fixed step, a table, or the name of a preset, such as "ebay-us".
using Increment = std::variant<std::int64_t, std::vector<IncrementRow>, std::string>;

struct SoftClose {
  enum class Mode : std::uint8_t { from_bid, from_close };
  Milliseconds window{};
  Milliseconds extend{};
  Mode mode = Mode::from_bid;
  std::optional<std::uint32_t> max_extensions;
  friend bool operator==(const SoftClose&, const SoftClose&) = default;
};

struct Auction : Standing {
  std::uint64_t id = 0;
  std::string title;
  std::string description;
  std::optional<std::string> image_url;
  std::string currency;  // ISO 4217
  std::int64_t opening_price = 0;
  Increment increment = std::int64_t{1};
  Time opens_at;
  std::optional<SoftClose> soft_close;
  std::optional<std::string> seller;
  bool self_outbid = true;
  std::optional<std::int64_t> amount_limit;
  friend bool operator==(const Auction&, const Auction&) = default;
};

// What an operator gives to make an auction; what is left out has the server's default.
struct NewAuction {
  std::string title;
  std::string currency;
  std::int64_t opening_price = 0;
  Time closes_at;
  std::optional<std::uint64_t> id;
  std::optional<std::string> description;
  std::optional<std::string> image_url;
  std::optional<Increment> increment;
  std::optional<std::int64_t> reserve;
  std::optional<Time> opens_at;
  std::optional<SoftClose> soft_close;
  std::optional<std::string> seller;
  std::optional<bool> self_outbid;
  std::optional<std::int64_t> amount_limit;
};

// The answer to a bid that was decided.
struct BidResult {
  std::uint64_t auction_id = 0;
  Reason reason = Reason::none;           // none = accepted
  std::optional<std::uint64_t> sequence;  // of the bid's event, if it was accepted
  std::string bidder;
  std::int64_t amount = 0;
  std::optional<std::int64_t> price;  // from here on: what it was decided against, or has made of it
  std::optional<std::string> leader;
  std::optional<std::int64_t> minimum_next;
  Time closes_at;
  std::uint64_t as_of_sequence = 0;
  Time decided_at;
  [[nodiscard]] bool accepted() const { return reason == Reason::none; }
};

// One fact of an auction's history. What a kind does not have is as it is made here.
struct Event {
  EventKind kind = EventKind::other;
  std::uint64_t auction_id = 0;
  Place place;
  Time at;
  std::string bidder;                        // bid_accepted
  std::int64_t amount = 0;                   // bid_accepted
  std::optional<std::int64_t> price;         // bid_accepted, closed
  std::string leader;                        // bid_accepted
  std::optional<std::int64_t> minimum_next;  // bid_accepted
  Time closes_at;                            // created, bid_accepted, extended
  std::uint32_t extensions = 0;              // extended
  std::optional<std::string> winner;         // closed
  bool sold = false;                         // closed
  friend bool operator==(const Event&, const Event&) = default;
};

// One accepted bid of an auction's history.
struct Bid {
  std::uint64_t sequence = 0;
  std::string bidder;
  std::int64_t amount = 0;
  Time at;
  friend bool operator==(const Bid&, const Bid&) = default;
};

struct AuctionPage {
  std::vector<Auction> auctions;
  std::string next_cursor;  // what to ask the next page with; empty = that was the last
};

// What a subscription tells: the auction as it is now, and what has just happened to it.
struct Update {
  enum class Kind : std::uint8_t {
    snapshot,  // the first one
    event,     // `event` has happened, the next one in sequence
    state,     // Mode::latest: it has moved on
    reset,     // what was told before may not have lasted: the server's history begins anew with this
  };
  Kind kind = Kind::snapshot;
  Auction auction;
  std::optional<Event> event;
};

}  // namespace flashbid::client
