// The storages that the ledger's contract is held to: what outlives a ledger object, and the faults that a test may
// order.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "fault/faulty_vfs.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {

class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::unique_ptr<Ledger> open() = 0;
  virtual void fail_next_append_for_space() = 0;
  virtual void fail_next_sync() = 0;
  virtual void heal() {}
};

class MemoryStorage final : public Storage {
 public:
  std::unique_ptr<Ledger> open() override { return open_memory_ledger(disk_, &faults_); }
  void fail_next_append_for_space() override { faults_.no_space_appends = 1; }
  void fail_next_sync() override { faults_.fail_next_sync = true; }

 private:
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  MemoryFaults faults_;
};

class SqliteStorage final : public Storage {
 public:
  std::unique_ptr<Ledger> open() override {
    auto ledger = open_sqlite_ledger({.folder = folder_.path(), .vfs = vfs_.name()});
    if (!ledger) ADD_FAILURE() << ledger.error().detail;
    return ledger ? std::move(*ledger) : nullptr;
  }
  void fail_next_append_for_space() override { vfs_.fail_writes("-wal", ENOSPC); }
  void fail_next_sync() override { vfs_.fail_syncs("-wal"); }
  void heal() override { vfs_.heal(); }

 private:
  FaultyVfs vfs_;
  TemporaryFolder folder_;
};

using MakeStorage = std::unique_ptr<Storage> (*)();
struct Adapter {
  const char* name;
  MakeStorage make;
};

}  // namespace flashbid::testing
