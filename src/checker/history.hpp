// What a run recorded: every bid with when it was sent and answered, what each watcher saw, what was read, and the
// history that the server tells in the end. The checker judges it. Values only; owns its names, does no I/O.
//
// Times in `_ns` are of one monotonic clock on one machine; their zero means nothing. Bidders and keys are kept once
// and named by index, so that a million operations fit in memory.
#pragma once

#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auction/auction.hpp"
#include "auction/decide.hpp"
#include "auction/terms.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid::checker {

using BidderIndex = std::uint32_t;
using KeyIndex = std::uint32_t;
inline constexpr BidderIndex nobody = 0xffff'ffff;
inline constexpr KeyIndex no_key = 0xffff'ffff;

// Texts by index: each is kept once.
class Names {
 public:
  // The text's index; made if it is new.
  std::uint32_t index_of(std::string_view text);
  // The text; "nobody" for an index that was never made.
  [[nodiscard]] std::string_view operator[](std::uint32_t index) const;
  // The text's index, or nothing.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const;
  [[nodiscard]] std::size_t size() const { return texts_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return boost::hash<std::string_view>{}(text); }
  };
  std::vector<std::string> texts_;
  boost::unordered_flat_map<std::string, std::uint32_t, Hash, std::equal_to<>> indices_;
};

// How one attempt ended.
enum class Outcome : std::uint8_t {
  accepted,  // decided: 200
  rejected,  // decided: 200
  refused,   // an HTTP error or error frame that says: not decided
  unknown,   // outcome_unknown, or the connection was lost, or no answer in time
};
[[nodiscard]] std::string_view to_text(Outcome outcome);

// The state fields that an answer quotes.
struct Quote {
  std::optional<Amount> price;
  BidderIndex leader = nobody;
  std::optional<Amount> minimum_next;
  Timestamp closes_at;
  Sequence as_of_sequence;
  Timestamp decided_at;
  friend bool operator==(const Quote&, const Quote&) = default;
};

// One attempt to bid. A retry with the same key is an operation of its own.
struct Operation {
  AuctionId auction;
  BidderIndex bidder = nobody;
  KeyIndex key = no_key;  // scope: bidder and auction
  Amount amount;
  std::int64_t sent_ns = 0;      // just before the first byte left
  std::int64_t answered_ns = 0;  // just after the answer was read; nothing if unknown
  Outcome outcome = Outcome::unknown;
  Reason reason = Reason::none;
  bool echo_differs = false;  // the answer names another auction, bidder or amount than was sent
  std::uint16_t status = 0;   // HTTP status; 0 if there was none
  Sequence sequence;          // of its bid_accepted event, if accepted
  Quote quote;                // if accepted or rejected
};

enum class EventKind : std::uint8_t { created, opened, bid_accepted, extended, closed, cancelled };
[[nodiscard]] std::string_view to_text(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view text);

// One event as told; what its kind does not carry stays as here.
struct HistoryEvent {
  Sequence sequence;
  Epoch epoch;
  Timestamp at;
  EventKind kind = EventKind::created;
  bool sold = false;                   // closed
  std::uint32_t extensions = 0;        // extended
  BidderIndex bidder = nobody;         // bid_accepted
  BidderIndex leader = nobody;         // bid_accepted; closed: the winner
  std::optional<Amount> amount;        // bid_accepted
  std::optional<Amount> price;         // bid_accepted, closed
  std::optional<Amount> minimum_next;  // bid_accepted
  Timestamp closes_at;                 // bid_accepted, extended, created
  friend bool operator==(const HistoryEvent&, const HistoryEvent&) = default;
};
// Equal events have equal digests, within one History.
[[nodiscard]] std::uint64_t digest_of(const HistoryEvent& event);

// One line of GET …/bids.
struct BidRow {
  Sequence sequence;
  BidderIndex bidder = nobody;
  Amount amount;
  Timestamp at;
  friend bool operator==(const BidRow&, const BidRow&) = default;
};

// An auction as somebody was shown it: GET, snapshot, reset or state frame.
struct StateSeen {
  std::int64_t asked_ns = 0;  // when it was asked for; pushed unasked: 0
  std::int64_t seen_ns = 0;
  Epoch epoch;
  Sequence sequence;
  AuctionState state = AuctionState::scheduled;
  std::optional<Amount> price;
  BidderIndex leader = nobody;
  std::optional<Amount> minimum_next;
  Timestamp closes_at;
  std::uint64_t bids = 0;
  std::uint32_t extensions = 0;
  BidderIndex winner = nobody;
  std::optional<bool> sold;
};

struct AuctionRecord {
  AuctionId id;
  Terms terms;  // closes_at as created; the reserve only if reserve_known
  bool reserve_known = false;
  Sequence before_run;               // events up to here need no operation behind them
  bool only_ours = false;            // nobody bids here but this history's bidders
  bool must_be_closed = false;       // the run waited for the end
  std::vector<HistoryEvent> events;  // GET …/events, all of them
  std::vector<BidRow> bids;          // GET …/bids, all of them
  std::vector<StateSeen> reads;      // GET …/{id}, in order of asking; the last one after everything else
};

struct EventSeen {
  Sequence sequence;
  std::uint64_t digest = 0;
  std::int64_t seen_ns = 0;
};

// What one WebSocket watcher saw, over all its connections.
struct WatcherRecord {
  struct State {
    std::uint64_t events_before = 0;  // how many of `events` came before it
    StateSeen seen;
  };
  AuctionId auction;
  bool latest = false;                    // asked for the newest state only
  bool to_the_end = false;                // was there until the last read: must have seen everything up to it
  std::optional<Sequence> resumed_after;  // its first connection goes on after this event, without a snapshot
  std::vector<EventSeen> events;
  std::vector<State> states;  // snapshots, resets, state frames
};

struct History {
  std::uint64_t seed = 0;
  // The server was restarted after its machine's clock had been set back: it may date what is decided next before a
  // rejection, of which its ledger holds nothing.
  bool clock_ran_back = false;
  Names bidders;
  Names keys;
  std::vector<AuctionRecord> auctions;
  std::vector<Operation> operations;  // in any order
  std::vector<WatcherRecord> watchers;
  std::vector<std::string> malformed;  // a sentence each: what was received that api.md does not allow
};

}  // namespace flashbid::checker
