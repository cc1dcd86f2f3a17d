// The writing half of the SQLite ledger: appends to the journal and lets rows move, in order. One thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/checkpointer.hpp"
#include "ledger/sqlite/forgetter.hpp"
#include "ledger/sqlite/mover.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/transactor.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

class Writer final : public LedgerWriter {
 public:
  Writer(Database db, const SqliteLedgerOptions& options);
  ~Writer() override;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  [[nodiscard]] Result<void> prepare();

  [[nodiscard]] Result<RecoveryReport> recover(const Recovery& recovery) override;
  [[nodiscard]] Result<void> append(std::span<const Record> records) override;
  [[nodiscard]] Result<std::vector<Moved>> move(std::size_t max_records) override;
  [[nodiscard]] std::size_t unmoved() const override { return unmoved_; }
  [[nodiscard]] Result<bool> forget_answers(Timestamp now) override;

 private:
  [[nodiscard]] Result<RecoveryReport> read_back(const Recovery& recovery);
  [[nodiscard]] Result<void> tell_images(const Recovery& recovery);
  [[nodiscard]] Result<void> tell_journal(const Recovery& recovery, RecoveryReport& report);
  [[nodiscard]] Result<void> start_epoch();
  [[nodiscard]] Result<void> insert(std::span<const Record> records);
  [[nodiscard]] Result<void> checkpoint();

  Database db_;
  Durability durability_;
  std::filesystem::path folder_;
  int checkpoint_frames_;  // in the log: checkpointed in an idle moment
  Transactor transactor_;
  Checkpointer checkpointer_;
  Mover mover_;
  Forgetter forgetter_;
  Statement insert_;
  MetaRow meta_;
  std::int64_t last_row_ = 0;  // of the journal, durable
  std::size_t unmoved_ = 0;
  bool recovered_ = false;
  bool had_no_space_ = false;  // the next append first tries to make space in the WAL
};

}  // namespace flashbid::sqlite
