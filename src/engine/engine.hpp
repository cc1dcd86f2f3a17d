// Port: the engine as one loop sees it. Every method is called on that loop's thread, and `done` is called on it too,
// exactly once, possibly before the call returns. Nothing is told before what it rests on is durable (INV-1, 2, 3).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "auction/decide.hpp"
#include "base/result.hpp"
#include "feed/hub.hpp"
#include "ledger/ledger.hpp"
#include "ledger/operator_action.hpp"
#include "ledger/record.hpp"

namespace flashbid {

struct BidRequest {
  AuctionId auction;
  Bid bid;
  IdempotencyKey key;  // empty = none; its scope is (bidder, auction)
};

struct CreateRequest {
  SharedTerms terms;              // have passed check_terms
  std::optional<AuctionId> id;    // none = the engine picks the next one
  std::optional<KeyUse> key_use;  // operation create
  BidderId by{};                  // who asks; empty = unknown
};

struct CancelRequest {
  AuctionId auction;
  std::optional<KeyUse> key_use;  // operation cancel
  BidderId by{};                  // who asks; empty = unknown
};

// A page of one auction's history.
struct EventsQuery {
  AuctionId auction;
  Sequence after;           // only later ones
  std::size_t limit = 100;  // 1 … 1000
  bool bids_only = false;
};
struct EventsPage {
  std::vector<SharedBytes> events;  // the events' JSON, in sequence
  Sequence last;                    // of the last one in this page; `after` if it is empty
  Sequence newest;                  // of the auction's last durable event
};

// What is remembered of refused bids on one auction: of those that came under an idempotency key, for ten minutes at
// least. One without a key leaves nothing behind.
struct Rejections {
  std::vector<BidAnswer> answers;  // the latest ones, by rising decided_at
  Timestamp since;                 // none that was decided from here on is missing
};
inline constexpr std::size_t most_rejections_told = 1'000;

struct AuctionPage {
  std::vector<AuctionView> auctions;  // by rising id
  bool more = false;
};

// The answers are: failures not_found (no such auction), conflict (id taken; not cancellable: closed or cancelled),
// key_reused, unavailable (surely not decided), outcome_unknown (ask again with the same key).
using BidDone = std::move_only_function<void(Result<BidAnswer>)>;
using AuctionDone = std::move_only_function<void(Result<AuctionView>)>;
using EventsDone = std::move_only_function<void(Result<EventsPage>)>;
using ListDone = std::move_only_function<void(Result<AuctionPage>)>;
using ActionsDone = std::move_only_function<void(Result<std::vector<OperatorAction>>)>;
using RejectionsDone = std::move_only_function<void(Result<Rejections>)>;

// How the engine is. Any thread may ask.
struct Health {
  bool ready = false;                 // bids can be decided and committed now
  std::string reason;                 // why not, if not
  std::vector<std::string> degraded;  // what else is wrong
};

// Totals since start. Any thread may ask.
struct EngineCounters {
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, 8> rejected_by_reason{};  // by Reason
  std::uint64_t repeated = 0;                         // answered again for an idempotency key
  std::uint64_t events = 0;                           // durable ones
  std::uint64_t commits = 0;                          // transactions
  std::uint64_t committed_records = 0;
  std::uint64_t failed_commits = 0;
  double commit_seconds = 0;  // spent in append()
  std::array<std::uint64_t, 12>
      commit_seconds_buckets{};  // not cumulative; bounds in commit_bucket_bounds, last = above
  std::uint64_t unmoved = 0;     // ledger rows not yet in history
  std::uint64_t auctions_in_memory = 0;
  std::uint64_t watchers = 0;
};
inline constexpr std::array<double, 11> commit_bucket_bounds{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                             0.01,   0.02,   0.05,   0.1,   0.5};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual void submit(const BidRequest& request, BidDone done) = 0;
  virtual void submit(CreateRequest request,
                      AuctionDone done) = 0;  // the auction as created (for a repeated key: as it was then)
  virtual void submit(CancelRequest request, AuctionDone done) = 0;  // the auction as cancelled

  virtual void read(AuctionId auction, AuctionDone done) = 0;
  virtual void list(const ListQuery& query, ListDone done) = 0;
  virtual void events(const EventsQuery& query, EventsDone done) = 0;
  // What operators did to the auction, in sequence. Hidden: for operators alone.
  virtual void actions(AuctionId auction, ActionsDone done) = 0;
  // For operators alone, too.
  virtual void rejections(AuctionId auction, RejectionsDone done) = 0;

  // This loop's broadcast: subscribe here.
  [[nodiscard]] virtual Hub& hub() = 0;

  [[nodiscard]] virtual Timestamp now() = 0;  // the authoritative clock
  [[nodiscard]] virtual Health health() const = 0;
  [[nodiscard]] virtual EngineCounters counters() const = 0;
};

}  // namespace flashbid
