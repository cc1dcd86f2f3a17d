// Reads the archive: history and auctions that are over, as LedgerReader, and what a restore needs. Belongs to one
// thread. A lost connection comes back by itself; until then every call is Failure::unavailable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/session.hpp"
#include "ledger/history_step.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

// An auction at its last stored event.
struct ArchivedAuction {
  Auction auction;
  Epoch epoch;  // of that event
  // What its row says beside the image, and what it is found by.
  std::uint64_t shard = 0;
  std::uint64_t state = 0;
  Sequence sequence;
};

// An event, with what its row says beside the payload.
struct ArchivedEvent {
  Record record;
  Epoch epoch;
  std::uint64_t event = 0;  // 1 created … 6 cancelled
};

// A key that is remembered, and the hidden part of the event that it names; empty if there is none.
struct ArchivedKey {
  RememberedKey key;
  std::string secret;
};

// The same without its image.
struct ArchivedPlace {
  AuctionId id;
  Sequence sequence;
  Epoch epoch;
  Timestamp over_at;  // of one that is over
};

// What an archive is of.
struct ArchiveOrigin {
  std::string kind;  // of ledger
  std::uint64_t shards = 0;
};

// An accepted bid that had a key, and the event behind it: its answer follows from them.
struct ArchivedBid {
  Sequence sequence;
  std::string payload;
  std::string secret;
  std::string next;  // that event's payload; empty if there is none
};

// A creation's key.
struct ArchivedCreation {
  BidderId caller;
  IdempotencyKey key;
  std::string fingerprint;
  AuctionId auction;
  Timestamp closes_at;  // of the auction, as it is now
};

// How far a shard has been stored.
struct ArchivePosition {
  Epoch epoch;           // nobody stores at a lower one
  std::string position;  // of its source; empty = nothing yet
  std::string owner;     // who holds the lease; empty = nobody
};

class ArchiveReader final : public LedgerReader {
 public:
  explicit ArchiveReader(ArchiveUrl url, std::chrono::milliseconds timeout = std::chrono::seconds{5})
      : session_(std::move(url), timeout) {}

  [[nodiscard]] Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                                        bool bids_only) override;
  [[nodiscard]] Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) override;
  [[nodiscard]] Result<std::optional<Auction>> auction(AuctionId id) override;
  [[nodiscard]] Result<std::vector<Auction>> list(const ListQuery& query) override;
  // Rejections are not archived.
  [[nodiscard]] Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction,
                                                           const BidderId& caller, const IdempotencyKey& key) override;
  [[nodiscard]] Result<std::vector<StoredRejection>> rejections(AuctionId, std::size_t) override {
    return std::vector<StoredRejection>{};
  }

  // Nothing if nobody has claimed the archive.
  [[nodiscard]] Result<std::optional<ArchiveOrigin>> origin();
  // The highest id below `end`; 0 = there is none.
  [[nodiscard]] Result<AuctionId> last_id(AuctionId end);
  // Auctions of a shard that are scheduled or open, by rising id above `after`.
  [[nodiscard]] Result<std::vector<ArchivedPlace>> live(std::uint64_t shard, AuctionId after, std::size_t limit);
  // Auctions of a shard that were over after `since`, by (over_at, id) above `after`.
  [[nodiscard]] Result<std::vector<ArchivedPlace>> over(std::uint64_t shard, Timestamp since,
                                                        const ArchivedPlace& after, std::size_t limit);
  [[nodiscard]] Result<std::optional<ArchivedAuction>> archived(AuctionId id);
  // The epoch of one event; nothing if it is not there.
  [[nodiscard]] Result<std::optional<Epoch>> epoch_of(AuctionId auction, Sequence sequence);
  // Accepted bids that had keys, after `after`, by sequence.
  [[nodiscard]] Result<std::vector<ArchivedBid>> keyed_bids(AuctionId auction, Sequence after, std::size_t limit);
  // Keys of creations, by (caller, key) above those of `after`.
  [[nodiscard]] Result<std::vector<ArchivedCreation>> creations(const ArchivedCreation& after, std::size_t limit);
  // The keys that are remembered of an auction, the one that created it included.
  [[nodiscard]] Result<std::vector<RememberedKey>> keys(AuctionId auction);
  // Nothing if the shard has never been written.
  [[nodiscard]] Result<std::optional<ArchivePosition>> position(std::uint64_t shard);

  // For verify. All events, by auction and sequence, after this one; `only` = of this auction.
  [[nodiscard]] Result<std::vector<ArchivedEvent>> rows(AuctionId auction, Sequence after, std::size_t limit,
                                                        bool only);
  [[nodiscard]] Result<std::uint64_t> count_images_without_events();
  // Remembered keys by (operation, scope, caller, key), above those of `after`.
  [[nodiscard]] Result<std::vector<ArchivedKey>> remembered(const RememberedKey& after, std::size_t limit);
  // The index of the first of these that should be remembered and is not, or with another answer: an auction's keys are
  // until the end and for as long as that is remembered, too; a creation's may then be used anew.
  [[nodiscard]] Result<std::optional<std::size_t>> first_forgotten(std::span<const RememberedKey> keys);
  // Whether it is remembered that the auction was over at that moment.
  [[nodiscard]] Result<bool> has_ending(AuctionId auction, Timestamp at);
  // An auction that is remembered as over and is not, or was at another moment.
  [[nodiscard]] Result<std::optional<AuctionId>> wrong_ending();
  // The first of `records` that the archive has otherwise (Failure::corrupt) or not at all (its index is returned).
  [[nodiscard]] Result<std::optional<std::size_t>> first_missing(std::span<const Record> records);

 private:
  archive::Session session_;
};

}  // namespace flashbid
