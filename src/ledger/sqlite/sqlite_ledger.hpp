// The embedded ledger: one SQLite file in WAL mode, written by one connection on one thread, read by read-only ones.
// Opening takes an exclusive lock on the folder, so that a second process on the same data is refused.
//
// A full disk: an append needs room in the log only, and fails before its sync (Failure::unavailable) if there is none;
// the log's index has its room from the start. Nothing is kept in reserve for the file itself: a move or a checkpoint
// that finds no room leaves everything as it was, so the log grows until there is room again or appends fail too. A
// failed append makes the next one checkpoint first, which gives the log its own room back where it can.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

enum class Durability : std::uint8_t {
  fsync,   // an append returns after the disk has it (default)
  memory,  // after the kernel has it: survives the process, not the machine. The epoch changes at every start.
};

struct SqliteLedgerOptions {
  std::filesystem::path folder;  // made if missing; the file is folder/flashbid.db
  Durability durability = Durability::fsync;
  // For tests: the SQLite VFS to use (empty = the system's), the most pages the file may grow to (0 = no bound), and
  // how many pages in the log are checkpointed in an idle moment (0 = as many as usual).
  std::string vfs;
  int max_pages = 0;
  int checkpoint_pages = 0;
};

// Opens or makes the ledger. Before SQLite recovers, the WAL's own bytes are rewritten in place and synced (what a
// failed sync left in the cache must not be believed unless it is on the disk).
// Failure::conflict if another process holds it; invalid if the folder cannot be used or a newer FlashBid made the
// file; corrupt if the file is not ours.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_sqlite_ledger(const SqliteLedgerOptions& options);

}  // namespace flashbid
