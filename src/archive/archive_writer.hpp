// Writes the archive: leases with fencing tokens, and events stored in one transaction a batch (INV-9). Belongs to one
// thread; several, in several processes, may write one archive: a shard is written by whoever holds its newest token.
//
// PostgreSQL mints the tokens and checks them in the transaction that stores, so a holder that was paused past its
// lease stores nothing. What may have been stored may be stored again: a repeat changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/session.hpp"
#include "base/result.hpp"
#include "ledger/history_step.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// A shard that was acquired.
struct ArchiveLease {
  std::uint64_t shard = 0;
  std::uint64_t token = 0;
  std::string position;  // how far its source has been stored; empty = nothing yet
};

// An event of a queue that was not stored.
struct ArchiveRefusal {
  std::size_t record = 0;  // its index
  bool early = false;      // one that comes before it is missing; it may still come
  std::string why;
};

class ArchiveWriter {
 public:
  explicit ArchiveWriter(ArchiveUrl url, std::chrono::milliseconds timeout = std::chrono::seconds{10})
      : session_(std::move(url), timeout) {}

  // Connects and migrates now, rather than with the first call that needs it.
  [[nodiscard]] Result<void> connect();
  // Says what the archive is of: `kind` of ledger and how many shards. Failure::invalid if it is of another.
  [[nodiscard]] Result<void> claim(std::string_view kind, std::uint64_t shards);

  // Tells that `owner` lives; how many workers do, itself included.
  [[nodiscard]] Result<std::uint64_t> beat(std::string_view owner, Duration alive);
  // None if another holds the shard.
  [[nodiscard]] Result<std::optional<ArchiveLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                            Duration length);
  // Failure::conflict if the lease was taken over.
  [[nodiscard]] Result<void> renew(const ArchiveLease& lease, Duration length);
  [[nodiscard]] Result<void> release(const ArchiveLease& lease);

  // From here on nobody stores who reads the shard's ledger at a lower epoch.
  [[nodiscard]] Result<void> raise_epoch(std::uint64_t shard, Epoch epoch);

  // Stores events, in order, and `position` with them; `epoch` is that of the ledger they were read from. All or
  // nothing.
  //   Failure::conflict         the lease was taken over, or the epoch is behind: acquire again
  //   Failure::corrupt          an event is there with another payload, or one is missing before it: stop, say so
  //   Failure::unavailable      surely not stored; outcome_unknown: perhaps. Both: store the same again
  [[nodiscard]] Result<void> store(const ArchiveLease& lease, Epoch epoch, std::span<const Record> records,
                                   std::string_view position);

  // The same for events from a queue, which may hold anything: what does not fit is refused, everything else is stored.
  // A ledger that failed over may have lost its last events after they were queued; the first event of a later epoch in
  // their place moves them, and what follows them, to flashbid.lost.
  [[nodiscard]] Result<std::vector<ArchiveRefusal>> store_queued(const ArchiveLease& lease,
                                                                 std::span<const Record> records,
                                                                 std::string_view position);

  // Forgets keys of auctions that were over `effect_kept` before `now`; true = there are more.
  [[nodiscard]] Result<bool> forget_answers(Timestamp now);

 private:
  struct Image {
    Auction auction;
    Epoch epoch;
  };
  // An event that is not there yet, or one that should be.
  struct Row {
    const Record* record;
    Epoch epoch;
    std::uint64_t event = 0;  // 1 created … 6 cancelled
    std::size_t index = 0;    // of the record in its batch
  };
  struct Plan {
    std::vector<Row> fresh;
    std::vector<Row> repeated;
    std::vector<RememberedKey> keys;
    std::vector<std::pair<AuctionId, Timestamp>> endings;
    std::unordered_map<AuctionId, Image> images;  // of the touched auctions, as they will be
  };
  static constexpr const char* repeated_rows = "unnest($1, $2, $3, $4, $5, $6) AS u(i, a, s, e, p, x)";
  static constexpr std::size_t max_images = 4'096;

  [[nodiscard]] Result<void> end_who_stands_still();
  // Whose epoch is known stores only if it is not behind.
  [[nodiscard]] Result<void> check_lease(archive::Connection& connection, const ArchiveLease& lease,
                                         std::optional<Epoch> epoch);
  [[nodiscard]] Result<void> load_images(archive::Connection& connection, const ArchiveLease& lease,
                                         std::span<const Record> records, Plan& plan);
  [[nodiscard]] static Result<void> plan_record(const Record& record, Epoch epoch, Plan& plan);
  [[nodiscard]] static Result<void> insert_events(archive::Connection& connection, const Plan& plan);
  // What was repeated, as $1 to $6: repeated_rows.
  [[nodiscard]] static archive::Parameters repeated_columns(const Plan& plan);
  [[nodiscard]] static Result<void> compare_events(archive::Connection& connection, const Plan& plan);
  [[nodiscard]] static Result<void> put_images(archive::Connection& connection, std::uint64_t shard, const Plan& plan);
  [[nodiscard]] static Result<void> put_answers(archive::Connection& connection, const Plan& plan);
  // Of a queue; `refused` grows (archive_writer_queued.cpp).
  using Refusals = std::vector<ArchiveRefusal>;
  [[nodiscard]] static Result<void> plan_queued(archive::Connection& connection, std::uint64_t shard,
                                                const Record& record, std::size_t index, Plan& plan, Refusals& refused);
  [[nodiscard]] static Result<void> supersede(archive::Connection& connection, const Record& first);
  [[nodiscard]] static Result<Auction> image_before(archive::Connection& connection, AuctionId auction,
                                                    Sequence sequence);
  [[nodiscard]] static Result<void> put(archive::Connection& connection, std::uint64_t shard, Plan& plan);
  [[nodiscard]] static Result<void> compare_queued(archive::Connection& connection, const Plan& plan,
                                                   Refusals& refused);
  void keep_images(const ArchiveLease& lease, Plan plan);

  archive::Session session_;
  std::unordered_map<AuctionId, Image> images_;              // live ones of leases held, at their last stored event
  std::unordered_map<std::uint64_t, std::uint64_t> tokens_;  // by shard: the token that its images_ rest on
};

}  // namespace flashbid
