// What becomes durable together for one shard, and everyone who waits for it.
//
// `records` is read by the committer between submit and the shard's on_committed; the shard's thread owns the rest
// throughout and does not touch `records` meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/embedded/slot.hpp"
#include "engine/engine.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// An event that is decided but not yet durable.
struct EventInFlight {
  Slot* slot;
  Event event;
  SharedBytes json;
};

// A bid's answer that rests on the batch.
struct WaitingBid {
  BidDone done;
  BidAnswer answer;
  Stopwatch::time_point decided_at;
};

// Anything else that rests on the batch: called with null when it is durable, with the failure if it never will be.
using Waiting = std::move_only_function<void(const Error* failure)>;

struct Batch {
  std::uint64_t number = 0;      // per shard, rising by one
  std::uint64_t generation = 0;  // of the shard's memory that it rests on; a failed batch starts a new one
  std::vector<Record> records;

  std::vector<EventInFlight> events;
  std::vector<WaitingBid> bids;
  std::vector<Waiting> others;
  std::vector<std::pair<Slot*, CallerKey>> keys;  // remembered by this batch
  std::vector<std::pair<Slot*, OperatorAction>> actions;

  void clear() {
    records.clear();
    events.clear();
    bids.clear();
    others.clear();
    keys.clear();
    actions.clear();
  }
};

}  // namespace flashbid
