// Reads every event of an SQLite ledger once, in the order of their commit: history where it has moved, the journal
// behind it. A position is a journal row's number and can be gone on from at any time, by another process too. Through
// a connection of its own that cannot write; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "ledger/record.hpp"
#include "sqlite/database.hpp"

namespace flashbid {

struct OrderedSlice {
  std::vector<Record> records;  // events only, in order
  std::int64_t position = 0;    // all events up to this row have been read
  std::int64_t newest = 0;      // the last row there is
  Epoch epoch;                  // of the ledger
};

class OrderedReader {
 public:
  // Failure::invalid if there is no ledger, or one of another version.
  [[nodiscard]] static Result<std::unique_ptr<OrderedReader>> open(const std::filesystem::path& folder);

  // The events after row `position`, at most `max`, from one snapshot. Failure::corrupt if the ledger ends before
  // `position`: it is not the one that the position is of.
  [[nodiscard]] Result<OrderedSlice> read(std::int64_t position, std::size_t max);

 private:
  explicit OrderedReader(sqlite::Database db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<OrderedSlice> read_snapshot(std::int64_t position, std::size_t max);
  [[nodiscard]] Result<void> read_moved(OrderedSlice& slice, std::size_t max);
  [[nodiscard]] Result<void> read_journal_rows(OrderedSlice& slice, std::size_t max);

  sqlite::Database db_;
  sqlite::Statement meta_;
  sqlite::Statement moved_;
  sqlite::Statement journal_;
  sqlite::Statement newest_;
};

}  // namespace flashbid
