// The archive's tables and how an older archive becomes a newer one. Start-up of every connection.
//
//   schema_version  one row
//   origin          one row: what the archive is of (the kind of ledger, how many shards), set by its first writer
//   shards          a row each: the epoch below which no writer may store, the last fencing token, who holds the lease,
//                   and how far its source has been stored
//   workers         relays that are alive, for sharing the shards fairly
//   events          history: every event by (auction, sequence, epoch)
//   lost            events that came out of a queue and that a failover of the ledger had lost: others are in their
//   place auctions        each auction at its last stored event, as an image answers         idempotency keys of what
//   was accepted, by (operation, scope, caller, key) endings         auctions that are over and may still have keys, by
//   the moment of their end
//
// docs/formats.md says what each column holds.
#pragma once

#include "archive/connection.hpp"
#include "base/result.hpp"

namespace flashbid::archive {

inline constexpr int schema_version = 2;

// Brings the tables to this version; several programs may do so at once, one does it. Failure::invalid if a newer
// FlashBid has been here.
[[nodiscard]] Result<void> migrate(Connection& connection);

}  // namespace flashbid::archive
