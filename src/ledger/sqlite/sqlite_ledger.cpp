#include "ledger/sqlite/sqlite_ledger.hpp"

#include <utility>

#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/reader.hpp"
#include "ledger/sqlite/schema.hpp"
#include "ledger/sqlite/writer.hpp"

namespace flashbid {
namespace {

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(sqlite::FolderLock lock, std::unique_ptr<sqlite::Writer> writer, SqliteLedgerOptions options)
      : lock_(std::move(lock)), options_(std::move(options)), writer_(std::move(writer)) {}

  LedgerWriter& writer() override { return *writer_; }

  Result<std::unique_ptr<LedgerReader>> reader() override {
    auto db = sqlite::open_for_reading(options_);
    if (!db) return std::unexpected(std::move(db.error()));
    return sqlite::Reader::over(std::move(*db));
  }

 private:
  sqlite::FolderLock lock_;  // outlives the connection: freed last
  SqliteLedgerOptions options_;
  std::unique_ptr<sqlite::Writer> writer_;
};

}  // namespace

Result<std::unique_ptr<Ledger>> open_sqlite_ledger(const SqliteLedgerOptions& options) {
  auto lock = sqlite::FolderLock::take(options.folder);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto db = sqlite::open_for_writing(options);
  if (!db) return std::unexpected(std::move(db.error()));
  auto writer = std::make_unique<sqlite::Writer>(std::move(*db), options.durability);
  if (const auto prepared = writer->prepare(); !prepared) return std::unexpected(prepared.error());
  return std::make_unique<SqliteLedger>(std::move(*lock), std::move(writer), options);
}

}  // namespace flashbid
