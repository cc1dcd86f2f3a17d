// Port: the truth. Events are durable here before anything is answered, pushed or readable (INV-1, INV-2, INV-3).
//
// Two halves. LedgerWriter belongs to one thread, the committer's, for its whole life: it appends, moves and
// checkpoints. LedgerReader sees only what has been moved into history; every thread that reads makes its own.
// What has been appended but not yet moved is in the engine's memory, which the writer tells when it has moved it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// One event as history holds it.
struct StoredEvent {
  Sequence sequence;
  RecordKind kind = RecordKind::event;
  SharedBytes payload;
};

// What a moved slice means for the engine's memory: history now holds the auction up to and including `sequence`.
struct Moved {
  AuctionId auction;
  Sequence sequence;
};

// What start-up needs, told in this order: epoch, every live image, then every record not yet moved, as appended.
struct Recovery {
  std::function<Result<void>(Auction)> on_image;         // auctions scheduled or open at their last moved event
  std::function<Result<void>(const Record&)> on_record;  // the journal's rows, in the order of their commit
};

struct RecoveryReport {
  Epoch epoch;
  AuctionId last_auction_id;  // the highest id ever created; 0 = none
  Timestamp last_at;          // the last moment any record tells; the clock must not go below it
};

class LedgerWriter {
 public:
  virtual ~LedgerWriter() = default;

  // Reads back what is there. Once, before the first append. Failure::corrupt stops the start.
  [[nodiscard]] virtual Result<RecoveryReport> recover(const Recovery& recovery) = 0;

  // Makes all records durable in one transaction, in order; durable on return.
  //   Failure::unavailable      surely none of them is there (no space): the caller undoes and may go on
  //   Failure::outcome_unknown  the sync failed: they may be there; sticky, every later call fails the same way
  [[nodiscard]] virtual Result<void> append(std::span<const Record> records) = 0;

  // Moves up to `max_records` of the oldest journal rows into history, exactly once, in one transaction; checkpoints in
  // small steps. Empty = the journal is empty. Called in idle moments, or when the journal has grown long.
  [[nodiscard]] virtual Result<std::vector<Moved>> move(std::size_t max_records) = 0;

  // Rows appended and not yet moved.
  [[nodiscard]] virtual std::size_t unmoved() const = 0;

  // Forgets remembered answers that nobody may ask for any more: a rejection's 10 minutes after `decided_at`, an
  // accepted bid's and an operator's 24 h after the auction's end. Idle moments only; one bounded transaction.
  // True = there is more to forget: call again.
  [[nodiscard]] virtual Result<bool> forget_answers(Timestamp now) = 0;
};

// What history remembers of a key: the fingerprint of the body, and where the answer is.
struct StoredAnswer {
  std::string fingerprint;
  AuctionId auction;        // of the answer (a create's: the auction it made)
  Sequence sequence;        // of the event that the command caused; 0 for a rejection
  std::string answer_json;  // of a rejection; else empty: the answer follows from the events
};

// A bid that was refused under a key.
struct StoredRejection {
  IdempotencyKey key;
  BidAnswer answer;
};

// An auction as history knows it, for listing.
struct ListQuery {
  std::optional<AuctionState> state;
  AuctionId after;  // only ids above this one
  std::size_t limit = 100;
};

class LedgerReader {
 public:
  virtual ~LedgerReader() = default;
  // Events with after < sequence, ascending, at most `limit`. Only bid_accepted ones if `bids_only`.
  [[nodiscard]] virtual Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                                                bool bids_only) = 0;
  // The same with their hidden parts: never for the public.
  [[nodiscard]] virtual Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) = 0;
  // The auction at its last moved event; empty if history has none of it.
  [[nodiscard]] virtual Result<std::optional<Auction>> auction(AuctionId id) = 0;
  // Auctions by rising id.
  [[nodiscard]] virtual Result<std::vector<Auction>> list(const ListQuery& query) = 0;
  // What a key was used for, if history remembers it. `auction` is 0 for a create.
  [[nodiscard]] virtual Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction,
                                                                   const BidderId& caller,
                                                                   const IdempotencyKey& key) = 0;
  // The refused bids on an auction that are remembered under their keys: the latest `limit`, in no order.
  [[nodiscard]] virtual Result<std::vector<StoredRejection>> rejections(AuctionId auction, std::size_t limit) = 0;
};

// A ledger that is open: one writer, and readers on demand. Closing waits for nobody: readers go first.
class Ledger {
 public:
  virtual ~Ledger() = default;
  [[nodiscard]] virtual LedgerWriter& writer() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<LedgerReader>> reader() = 0;
};

}  // namespace flashbid
