// What the archive has of an auction, as the calls that put it back into Redis (lua/upkeep.lua: restore, restore_keys,
// restore_ids). Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "archive/archive_reader.hpp"
#include "base/result.hpp"
#include "redis/command.hpp"

namespace flashbid {

// An auction's state in Redis, by which its missing events are picked; sequence 0 = it is not there.
struct SeenState {
  Sequence sequence;
  Epoch epoch;  // of its last event
};
[[nodiscard]] SeenState seen_state(std::string_view packed);

struct RestoredAuction {
  ArchivedAuction archived;  // as it is to be
  SeenState seen;
  std::vector<Record> beginning;  // its first `creation_events`
  std::vector<Record> events;     // that lead there, without a gap
};
// `epoch`: the one that is to come. Failure::corrupt if the parts contradict each other.
[[nodiscard]] Result<redis::Command> restore_call(unsigned shard, Epoch epoch, const RestoredAuction& auction);

[[nodiscard]] Result<redis::Command> restore_keys_call(unsigned shard, AuctionId auction,
                                                       std::span<const ArchivedBid> bids);

// On shard 0.
[[nodiscard]] redis::Command restore_ids_call(AuctionId last, std::span<const ArchivedCreation> creations);

}  // namespace flashbid
