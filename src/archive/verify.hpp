// Proves an archive consistent, by itself and beside its ledger: `flashbid verify --archive`. Reads only, beside relays
// that store; as long as reading everything takes. Belongs to the calling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "archive/archive_reader.hpp"

namespace flashbid {

struct VerifiedArchive {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;
};

// Every auction's events are gapless from 1 and what the rules say, and its image is the state after them; every column
// says what payload and image say; remembered are the keys and the ends that the events tell of, and no others.
// Failure::corrupt is the first violation. While a relay stores, an image may be ahead of what was read: the auction is
// then read again.
[[nodiscard]] Result<VerifiedArchive> verify_archive(ArchiveReader& archive);

// A ledger that is read from its first event on, beside its archive, while both may grow. Begun before the ledger is
// read, so that the ledger can only be further. Holds how far the archive had each auction.
class ArchiveComparison {
 public:
  [[nodiscard]] static Result<ArchiveComparison> begin(ArchiveReader& archive);
  // The ledger's next events: the index of the first that is not archived yet. Failure::corrupt if one differs.
  [[nodiscard]] Result<std::optional<std::size_t>> add(std::span<const Record> records);
  // That was all of it. Failure::corrupt if the archive had an event that the ledger has not.
  [[nodiscard]] Result<void> end() const;

 private:
  explicit ArchiveComparison(ArchiveReader& archive) : archive_(archive) {}

  ArchiveReader& archive_;
  std::unordered_map<AuctionId, Sequence> unseen_;  // the last event that the archive had, until the ledger has it too
};

}  // namespace flashbid
