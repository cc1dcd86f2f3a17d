// A ledger in memory, for tests and simulation: the same law as the SQLite one, with faults to order.
#pragma once

#include <memory>

#include "ledger/ledger.hpp"

namespace flashbid {

// What outlives the ledger object, as a disk outlives the process: give the same one to a later ledger to restart.
class MemoryDisk;
[[nodiscard]] std::shared_ptr<MemoryDisk> make_memory_disk();
// Takes an event out of history, as damage to a page can.
void lose_event(MemoryDisk& disk, AuctionId auction, Sequence sequence);

// Faults that tests ask for; each is used up by the append it hits.
struct MemoryFaults {
  int no_space_appends = 0;     // that many appends fail with unavailable, leaving nothing
  bool fail_next_sync = false;  // the next append fails with outcome_unknown, sticky
  bool keep_failed = false;     // whether what the failed sync covered is there at the next start
};

// `faults` may be null; else it must outlive the ledger and is read on the writer's thread.
[[nodiscard]] std::unique_ptr<Ledger> open_memory_ledger(std::shared_ptr<MemoryDisk> disk,
                                                         MemoryFaults* faults = nullptr);

}  // namespace flashbid
