// Proves what stands in Redis consistent: `flashbid verify --engine redis://…`. Reads only (but for the library, which
// is loaded where it is missing), beside nodes that serve and relays that store; as long as reading everything takes.
// Belongs to the calling thread.
//
//   every stream's events are gapless in each auction and what the rules say; each auction's state is what its events
//   lead to; its index names their entries; what is scheduled or open will be opened and closed; the key of every
//   accepted bid of a live auction is remembered with its answer.
//   With an archive: what has left the streams is played from there; what both have is the same, byte for byte; and the
//   archive is nowhere ahead: what it has as live, or over within a day, is here.
#pragma once

#include <cstdint>
#include <optional>

#include "archive/archive_reader.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "redis/sync.hpp"

namespace flashbid {

struct VerifiedRedis {
  struct Place {
    AuctionId auction;
    Sequence sequence;
  };

  std::uint64_t auctions = 0;
  std::uint64_t events = 0;        // in the streams
  std::uint64_t keys = 0;          // of accepted bids, compared
  std::uint64_t unplayed = 0;      // auctions whose first events have left Redis, and no archive was given
  std::optional<Place> undrained;  // the first event that the archive has not stored yet
};

// Failure::corrupt is the first violation, said precisely; invalid if there is no FlashBid data; `archive` may be null.
[[nodiscard]] Result<VerifiedRedis> verify_redis(redis::SyncClient& client, ArchiveReader* archive);

}  // namespace flashbid
