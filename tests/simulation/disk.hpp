// A disk that outlives the process, under the ledger's port: the ledger in memory, with writes that take time, and
// everything that goes wrong with them. A transaction is on it whole or not at all, as the port has it; what power does
// to the pages of one is the business of tests/fault. One thread.
#pragma once

#include <functional>
#include <memory>

#include "ledger/ledger.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "simulation/truth.hpp"

namespace flashbid::simulation {

// The process dies: thrown out of whatever write is under way.
struct Crash {
  bool keeps_unsynced = false;  // what was written and not synced is there afterwards
};

struct DiskFaults {
  int no_space = 0;          // that many writes find no room
  bool sync_fails = false;   // the next sync fails: sticky, until the process ends
  bool keep_failed = false;  // whether what it covered is there afterwards
  int reads_fail = 0;
};

class Disk {
 public:
  explicit Disk(Truth& truth, Story& story) : truth_(truth), story_(story) {}

  // The ledger as a new process opens it. `busy` runs while a write is under way: others go on meanwhile, and the
  // process may die (Crash).
  [[nodiscard]] std::unique_ptr<Ledger> open(Clock& clock, std::function<void()> busy);

  DiskFaults faults;
  Epoch epoch{1};            // what recovery tells; rises where history may have been lost
  bool has_refused = false;  // a write or a read failed in this process
  bool has_sync_failed = false;

 private:
  friend class SimulatedWriter;
  friend class SimulatedReader;

  Truth& truth_;
  Story& story_;
  std::shared_ptr<MemoryDisk> contents_ = make_memory_disk();
};

}  // namespace flashbid::simulation
