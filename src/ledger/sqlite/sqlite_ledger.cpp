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
    if (!db) return std::unexpected(sqlite::explained(std::move(db.error()), options_.folder));
    auto reader = sqlite::Reader::over(std::move(*db));
    if (!reader) return std::unexpected(sqlite::explained(std::move(reader.error()), options_.folder));
    return std::move(*reader);
  }

 private:
  sqlite::FolderLock lock_;  // outlives the connection: freed last
  SqliteLedgerOptions options_;
  std::unique_ptr<sqlite::Writer> writer_;
};

}  // namespace

Result<std::unique_ptr<Ledger>> open_sqlite_ledger(const SqliteLedgerOptions& options) {
  const auto failed = [&](Error error) { return std::unexpected(sqlite::explained(std::move(error), options.folder)); };
  auto lock = sqlite::FolderLock::take(options.folder);
  if (!lock && lock.error().failure == Failure::internal) return failed(std::move(lock.error()));
  if (!lock) return std::unexpected(std::move(lock.error()));  // it says which folder
  auto db = sqlite::open_for_writing(options);
  if (!db) return failed(std::move(db.error()));
  auto writer = std::make_unique<sqlite::Writer>(std::move(*db), options);
  if (auto prepared = writer->prepare(); !prepared) return failed(std::move(prepared.error()));
  return std::make_unique<SqliteLedger>(std::move(*lock), std::move(writer), options);
}

}  // namespace flashbid
