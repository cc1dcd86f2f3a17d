// What only the SQLite ledger has: its folder, its file, its checksums, and how SQLite's errors are told apart.
#include "ledger/sqlite/sqlite_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fault/faulty_vfs.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

// A connection of a tool, not of the ledger: looks at and damages what is stored.
class Tool {
 public:
  explicit Tool(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &db_); }
  ~Tool() { sqlite3_close(db_); }
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  void run(const std::string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << sql << ": " << error;
    sqlite3_free(error);
  }
  std::int64_t ask(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sql;
    const std::int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
  }

 private:
  sqlite3* db_ = nullptr;
};

class SqliteLedgerTest : public ::testing::Test {
 protected:
  [[nodiscard]] SqliteLedgerOptions options() const { return {.folder = folder_.path(), .vfs = vfs_.name()}; }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "flashbid.db"; }

  void open(const SqliteLedgerOptions& with) {
    ledger_.reset();
    auto ledger = open_sqlite_ledger(with);
    ASSERT_TRUE(ledger) << ledger.error().detail;
    ledger_ = std::move(*ledger);
    auto recovered = recover(ledger_->writer());
    ASSERT_TRUE(recovered) << recovered.error().detail;
    recovered_ = std::move(*recovered);
  }
  void open() { open(options()); }
  void close() { ledger_.reset(); }
  LedgerWriter& writer() { return ledger_->writer(); }
  void append(const std::vector<Record>& records) {
    const auto appended = writer().append(records);
    ASSERT_TRUE(appended) << appended.error().detail;
  }
  void move_all() {
    while (writer().unmoved() > 0) {
      const auto moved = writer().move(1000);
      ASSERT_TRUE(moved) << moved.error().detail;
    }
  }
  // Why opening and recovering fails.
  Error open_error() {
    auto ledger = open_sqlite_ledger(options());
    if (!ledger) return ledger.error();
    auto recovered = recover((*ledger)->writer());
    if (!recovered) return recovered.error();
    ADD_FAILURE() << "it was opened";
    return {};
  }

  FaultyVfs vfs_;
  TemporaryFolder folder_;
  std::unique_ptr<Ledger> ledger_;
  Recovered recovered_;
};

TEST_F(SqliteLedgerTest, ASecondOpenIsRefusedAndSaysWhichFolder) {
  open();
  const Error error = open_error();
  EXPECT_EQ(error.failure, Failure::conflict);
  EXPECT_THAT(error.detail, HasSubstr(folder_.path().string()));
  EXPECT_THAT(error.detail, HasSubstr("held by another process"));
  close();
  open();
}

TEST_F(SqliteLedgerTest, MakesTheFolderWithItsParents) {
  SqliteLedgerOptions with = options();
  with.folder = folder_.path() / "a" / "b";
  open(with);
  EXPECT_TRUE(std::filesystem::exists(with.folder / "flashbid.db"));
}

TEST_F(SqliteLedgerTest, AFileInPlaceOfTheFolderIsRefused) {
  SqliteLedgerOptions with = options();
  with.folder = folder_.path() / "file";
  std::ofstream(with.folder) << "not a folder";
  const auto ledger = open_sqlite_ledger(with);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().failure, Failure::invalid);
  EXPECT_THAT(ledger.error().detail, HasSubstr(with.folder.string()));
}

TEST_F(SqliteLedgerTest, AnotherProgramsFilesAreRefusedUntouched) {
  std::ofstream(file()) << "Dear diary, this is no database.";
  EXPECT_EQ(open_error().failure, Failure::corrupt);
  EXPECT_THAT(open_error().detail, HasSubstr("no SQLite file"));
  EXPECT_EQ(std::filesystem::file_size(file()), 32U);

  std::filesystem::remove(file());
  {
    Tool(file()).run("CREATE TABLE diary(entry)");
  }
  EXPECT_EQ(open_error().failure, Failure::corrupt);
  EXPECT_THAT(open_error().detail, HasSubstr("another program's SQLite file"));
  Tool tool(file());
  EXPECT_EQ(tool.ask("SELECT count(*) FROM sqlite_schema"), 1);
  EXPECT_EQ(tool.ask("PRAGMA application_id"), 0);
}

TEST_F(SqliteLedgerTest, ANewerSchemaIsRefused) {
  open();
  close();
  {
    Tool(file()).run("PRAGMA user_version = 3");
  }
  const Error error = open_error();
  EXPECT_EQ(error.failure, Failure::invalid);
  EXPECT_THAT(error.detail, HasSubstr("newer FlashBid"));
}

TEST_F(SqliteLedgerTest, TheFileIsMarkedAsOursAndWritesAhead) {
  open();
  close();
  Tool tool(file());
  EXPECT_EQ(tool.ask("PRAGMA application_id"), 0x464C4249);
  EXPECT_EQ(tool.ask("PRAGMA user_version"), 2);
  EXPECT_EQ(tool.ask("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'journal'"), 0);
}

TEST_F(SqliteLedgerTest, AStartThatWasCutShortGoesOn) {
  {
    Tool(file()).run("PRAGMA application_id = 1179402825");
  }
  open();
  EXPECT_EQ(recovered_.report.epoch, Epoch{1});
  AuctionScript one(1);
  append(one.create());
}

// What a commit still needs after its sync must be there before.
TEST_F(SqliteLedgerTest, TheLogsIndexHasItsRoomFromTheStart) {
  open();
  const auto index = file().string() + "-shm";
  const auto size = std::filesystem::file_size(index);
  EXPECT_EQ(size, 8U * 32'768U);
  struct stat status{};
  ASSERT_EQ(::stat(index.c_str(), &status), 0);
  EXPECT_GE(static_cast<std::uintmax_t>(status.st_blocks) * 512, size) << "a hole is no room";
  Terms terms = sample_terms();
  terms.description = std::string(9000, 'x');
  for (std::uint64_t id = 1; id < 4'000; id += 10) {  // over 4,096 frames: one region does not do
    std::vector<Record> batch;
    for (std::uint64_t i = id; i < id + 10; ++i) batch = batch + AuctionScript(i, terms).create();
    append(batch);
  }
  EXPECT_GT(std::filesystem::file_size(file().string() + "-wal"), 4'200U * 4'096U);
  EXPECT_EQ(std::filesystem::file_size(index), size);
}

// Every append is followed by a sync of the WAL before it returns.
TEST_F(SqliteLedgerTest, AnAppendHasSyncedTheLogWhenItReturns) {
  open();
  AuctionScript one(1);
  append(one.create());
  for (int i = 0; i < 5; ++i) {
    vfs_.forget_calls();
    append(one.bid("Alice", 1000 + 100 * i));
    const auto calls = vfs_.calls();
    ASSERT_FALSE(calls.empty());
    EXPECT_EQ(calls.back().kind, FileCall::Kind::sync);
    EXPECT_EQ(calls.back().file, "flashbid.db-wal");
    for (const FileCall& call : calls)
      EXPECT_EQ(call.file, "flashbid.db-wal") << "the commit path touches the log only";
  }
}

TEST_F(SqliteLedgerTest, MemoryDurabilitySyncsNothingAndChangesTheEpochAtEachStart) {
  SqliteLedgerOptions fast = options();
  fast.durability = Durability::memory;
  open(fast);
  EXPECT_EQ(recovered_.report.epoch, Epoch{1});
  vfs_.forget_calls();
  AuctionScript one(1);
  append(one.create());
  for (const FileCall& call : vfs_.calls()) EXPECT_NE(call.kind, FileCall::Kind::sync);
  open(fast);
  EXPECT_EQ(recovered_.report.epoch, Epoch{2});
  EXPECT_EQ(recovered_.records.size(), 2U);
  // The start after it may still have lost something, the next one not.
  open();
  EXPECT_EQ(recovered_.report.epoch, Epoch{3});
  open();
  EXPECT_EQ(recovered_.report.epoch, Epoch{3});
}

// Any column of any table, changed behind the ledger's back.
class DamageTest : public SqliteLedgerTest, public ::testing::WithParamInterface<const char*> {};

class JournalDamage : public DamageTest {};
INSTANTIATE_TEST_SUITE_P(EveryColumn, JournalDamage,
                         ::testing::Values("id = 77", "auction = 2", "sequence = 9", "kind = 2", "kind = 257",
                                           "at = at + 1", "payload = replace(payload, '1000', '2000')", "secret = 'x'",
                                           "crc = crc + 1", "crc = crc + 4294967296"));
TEST_P(JournalDamage, StopsTheStart) {
  open();
  AuctionScript one(1);
  append(one.create());
  append(one.bid("Alice", 1000));
  close();
  {
    Tool(file()).run(std::string("UPDATE journal SET ") + GetParam() + " WHERE id = 3");
  }
  const Error error = open_error();
  EXPECT_EQ(error.failure, Failure::corrupt) << error.detail;
  EXPECT_THAT(error.detail, HasSubstr("journal row"));
}

TEST_F(SqliteLedgerTest, AMissingJournalRowStopsTheStart) {
  open();
  AuctionScript one(1);
  append(one.create() + one.bid("Alice", 1000));
  close();
  {
    Tool(file()).run("DELETE FROM journal WHERE id = 2");
  }
  const Error error = open_error();
  EXPECT_EQ(error.failure, Failure::corrupt);
  EXPECT_THAT(error.detail, HasSubstr("journal row 3 follows row 1"));
}

class MetaDamage : public DamageTest {};
INSTANTIATE_TEST_SUITE_P(EveryColumn, MetaDamage,
                         ::testing::Values("epoch = 5", "moved_through = 1", "last_at = 1", "last_auction = 9",
                                           "unsafe = 1", "crc = 0"));
TEST_P(MetaDamage, StopsTheStart) {
  open();
  AuctionScript one(1);
  append(one.create());
  move_all();
  close();
  {
    Tool(file()).run(std::string("UPDATE meta SET ") + GetParam());
  }
  EXPECT_EQ(open_error().failure, Failure::corrupt);
}

class ImageDamage : public DamageTest {};
INSTANTIATE_TEST_SUITE_P(EveryColumn, ImageDamage,
                         ::testing::Values("id = 2", "state = 0", "sequence = 9",
                                           "image = replace(image, '1000', '2000')", "crc = 0"));
TEST_P(ImageDamage, StopsTheStart) {
  open();
  AuctionScript one(1);
  append(one.create());
  move_all();
  close();
  {
    Tool(file()).run(std::string("UPDATE auctions SET ") + GetParam());
  }
  const Error error = open_error();
  EXPECT_EQ(error.failure, Failure::corrupt) << error.detail;
  EXPECT_THAT(error.detail, HasSubstr("the image of auction"));
}

class EventDamage : public DamageTest {};
INSTANTIATE_TEST_SUITE_P(EveryColumn, EventDamage,
                         ::testing::Values("sequence = 9", "event = 4", "at = 1", "secret = 'x'", "crc = 0",
                                           "payload = replace(payload, 'Alice', 'Mally')"));
TEST_P(EventDamage, IsToldToTheReader) {
  open();
  AuctionScript one(1);
  append(one.create() + one.bid("Alice", 1000));
  move_all();
  auto reader = ledger_->reader();
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->events(AuctionId{1}, Sequence{0}, 10, false));
  {
    Tool(file()).run(std::string("UPDATE events SET ") + GetParam() + " WHERE sequence = 3");
  }
  const auto read = (*reader)->events(AuctionId{1}, Sequence{0}, 10, false);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().failure, Failure::corrupt);
  EXPECT_THAT(read.error().detail, HasSubstr("of auction 1"));
}

class AnswerDamage : public DamageTest {};
INSTANTIATE_TEST_SUITE_P(EveryColumn, AnswerDamage,
                         ::testing::Values("fingerprint = '9'", "auction = 2", "sequence = 4", "answer = '{}'",
                                           "expires = 5", "crc = 0"));
TEST_P(AnswerDamage, IsToldToTheReader) {
  open();
  AuctionScript one(1);
  const KeyUse use = key_use(Operation::bid, "Alice", "k", "1000");
  append(one.create() + one.bid("Alice", 1000, script_start, use));
  move_all();
  auto reader = ledger_->reader();
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->answer(Operation::bid, AuctionId{1}, use.caller, use.key));
  {
    Tool(file()).run(std::string("UPDATE answers SET ") + GetParam());
  }
  const auto read = (*reader)->answer(Operation::bid, AuctionId{1}, use.caller, use.key);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().failure, Failure::corrupt);
}

TEST_F(SqliteLedgerTest, DamageFoundWhileMovingStopsEverything) {
  open();
  AuctionScript one(1);
  append(one.create() + one.bid("Alice", 1000));
  {
    Tool(file()).run("UPDATE journal SET payload = replace(payload, '1000', '2000') WHERE id = 3");
  }
  const auto moved = writer().move(10);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::corrupt);
  const auto appended = writer().append(one.bid("Bob", 1100));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().failure, Failure::corrupt);
  Tool tool(file());
  EXPECT_EQ(tool.ask("SELECT count(*) FROM journal"), 3);
  EXPECT_EQ(tool.ask("SELECT count(*) FROM events"), 0);
  tool.run("BEGIN IMMEDIATE; ROLLBACK");  // nothing is held: the slice was rolled back
}

TEST_F(SqliteLedgerTest, ARowThatVanishesBeforeItMovesIsCorruption) {
  open();
  AuctionScript one(1);
  append(one.create());
  AuctionScript two(2);
  append(two.create());
  {
    Tool(file()).run("DELETE FROM journal WHERE id = 3");
  }
  const auto moved = writer().move(10);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::corrupt);
  EXPECT_EQ(moved.error().detail, "journal row 3 is missing");
}

// A row that stands in history already must never be moved again.
TEST_F(SqliteLedgerTest, AnEventThatHistoryHasAlreadyIsCorruption) {
  open();
  AuctionScript one(1);
  append(one.create());
  {
    Tool(file()).run("INSERT INTO events VALUES (1, 2, 2, 0, '', '', 0)");
  }
  const auto moved = writer().move(10);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::corrupt);
}

// As after SIGKILL: what the ledger's files hold while it is open, copied.
void copy_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* name : {"flashbid.db", "flashbid.db-wal"}) {
    if (std::filesystem::exists(from / name)) std::filesystem::copy_file(from / name, to / name);
  }
}

TEST_F(SqliteLedgerTest, TheLogIsWrittenAnewAndSyncedBeforeSqliteReadsIt) {
  open();
  AuctionScript one(1);
  append(one.create() + one.bid("Alice", 1000));
  Terms long_terms = sample_terms();
  long_terms.description = std::string(9000, 'x');
  for (std::uint64_t id = 2; id <= 200; ++id) append(AuctionScript(id, long_terms).create());
  TemporaryFolder crashed;
  copy_files(folder_.path(), crashed.path());
  const auto wal_size = static_cast<std::int64_t>(std::filesystem::file_size(crashed.path() / "flashbid.db-wal"));
  ASSERT_GT(wal_size, 2 << 20);  // far more than is read and written at a time
  close();
  SqliteLedgerOptions with = options();
  with.folder = crashed.path();
  vfs_.forget_calls();
  open(with);
  EXPECT_EQ(recovered_.records.size(), 3U + 2U * 199U);

  std::int64_t written = 0;
  bool synced = false;
  for (const FileCall& call : vfs_.calls()) {
    if (call.file != "flashbid.db-wal") {
      EXPECT_TRUE(synced) << "SQLite opened the file before the log was synced";
      break;
    }
    if (call.kind == FileCall::Kind::write) {
      EXPECT_EQ(call.offset, written) << "in place, in order";
      written += call.size;
    }
    if (call.kind == FileCall::Kind::sync) synced = true;
  }
  EXPECT_EQ(written, wal_size);
  EXPECT_TRUE(synced);
}

TEST_F(SqliteLedgerTest, ALogThatCannotBeSyncedAtTheStartStopsIt) {
  open();
  AuctionScript one(1);
  append(one.create());
  TemporaryFolder crashed;
  copy_files(folder_.path(), crashed.path());
  close();
  SqliteLedgerOptions with = options();
  with.folder = crashed.path();
  vfs_.fail_syncs("-wal");
  const auto ledger = open_sqlite_ledger(with);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().failure, Failure::internal);
  EXPECT_THAT(ledger.error().detail, HasSubstr("flashbid.db-wal"));
}

TEST_F(SqliteLedgerTest, AFullDiskDuringAnAppendLeavesNothingAndPasses) {
  open();
  AuctionScript one(1);
  append(one.create());
  for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
    AuctionScript ahead = one;
    vfs_.fail_writes("-wal", error);
    const auto failed = writer().append(ahead.bid("Mallory", 9000));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().failure, Failure::unavailable) << error << ": " << failed.error().detail;
    vfs_.heal();
    append(one.bid("Alice", one.auction().minimum_next()->value()));
  }
  open();
  ASSERT_EQ(recovered_.records.size(), 5U);
  for (const Record& record : recovered_.records) EXPECT_THAT(*record.payload, ::testing::Not(HasSubstr("Mallory")));
}

TEST_F(SqliteLedgerTest, AFailedWriteOfTheLogIsAnUnknownOutcomeForEver) {
  open();
  AuctionScript one(1);
  append(one.create());
  vfs_.fail_writes("-wal", EIO);
  const auto failed = writer().append(one.bid("Alice", 1000));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().failure, Failure::outcome_unknown);
  vfs_.heal();
  const auto again = writer().append(one.bid("Bob", 1100));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().failure, Failure::outcome_unknown);
}

TEST_F(SqliteLedgerTest, AFileThatMayNotGrowRefusesAndServiceReturns) {
  SqliteLedgerOptions small = options();
  small.max_pages = 40;
  open(small);
  Terms terms = sample_terms();
  terms.description = std::string(9000, 'x');
  std::vector<std::unique_ptr<AuctionScript>> stored;
  Error refused;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    auto script = std::make_unique<AuctionScript>(id, terms);
    const auto appended = writer().append(script->create());
    if (!appended) {
      refused = appended.error();
      break;
    }
    stored.push_back(std::move(script));
  }
  ASSERT_EQ(refused.failure, Failure::unavailable) << refused.detail;
  ASSERT_FALSE(stored.empty());
  // Moving needs room as well; it fails the same way, loses nothing and may be tried again.
  Result<std::vector<Moved>> moved = writer().move(1000);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::unavailable) << moved.error().detail;
  EXPECT_EQ(writer().unmoved(), 2 * stored.size());

  small.max_pages = 400;
  open(small);
  EXPECT_EQ(recovered_.records.size(), 2 * stored.size());
  append(stored[0]->bid("Alice", 1000));
  move_all();
  auto reader = ledger_->reader();
  ASSERT_TRUE(reader);
  for (const auto& script : stored) EXPECT_EQ(**(*reader)->auction(script->auction().id), script->auction());
}

// Many commits and moves with the log cut back: enough for several checkpoints.
TEST_F(SqliteLedgerTest, ADiskFullDuringCheckpointsLosesNothing) {
  open();
  std::vector<AuctionScript> scripts;
  Terms terms = sample_terms();
  terms.description = std::string(9000, 'x');
  for (std::uint64_t id = 1; id <= 400; ++id) scripts.emplace_back(id, terms);
  vfs_.fail_writes("flashbid.db", ENOSPC);
  vfs_.forget_calls();
  for (AuctionScript& script : scripts) {
    append(script.create());
    ASSERT_TRUE(writer().move(100));
  }
  const auto tried = [](const FileCall& call) {
    return call.kind == FileCall::Kind::write && call.file == "flashbid.db";
  };
  EXPECT_TRUE(std::ranges::any_of(vfs_.calls(), tried)) << "no checkpoint came about";
  vfs_.heal();
  for (AuctionScript& script : scripts) append(script.bid("Alice", 1000));
  move_all();
  open();
  EXPECT_EQ(recovered_.images.size(), scripts.size());
  auto reader = ledger_->reader();
  ASSERT_TRUE(reader);
  for (const AuctionScript& script : scripts) {
    EXPECT_EQ(**(*reader)->auction(script.auction().id), script.auction());
  }
}

TEST_F(SqliteLedgerTest, AFailedSyncOfACheckpointStopsEverything) {
  open();
  Terms terms = sample_terms();
  terms.description = std::string(9000, 'x');
  vfs_.fail_syncs("flashbid.db");
  Error error;
  for (std::uint64_t id = 1; id <= 400 && error.detail.empty(); ++id) {
    AuctionScript script(id, terms);
    append(script.create());
    if (const auto moved = writer().move(100); !moved) error = moved.error();
  }
  EXPECT_EQ(error.failure, Failure::outcome_unknown);
  EXPECT_THAT(error.detail, HasSubstr("checkpoint"));
  vfs_.heal();
  AuctionScript next(1000);
  const auto appended = writer().append(next.create());
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().failure, Failure::outcome_unknown);
  // Closing does not checkpoint what is in doubt.
  vfs_.forget_calls();
  close();
  for (const FileCall& call : vfs_.calls()) EXPECT_NE(call.kind, FileCall::Kind::write) << call.file;
}

TEST_F(SqliteLedgerTest, TheLogStaysBoundedWhileNothingIsIdle) {
  open();
  AuctionScript one(1);
  append(one.create());
  Terms terms = sample_terms();
  terms.description = std::string(9000, 'x');
  std::uintmax_t largest = 0;
  for (std::uint64_t id = 2; id < 9'000; id += 10) {
    std::vector<Record> batch;
    for (std::uint64_t i = id; i < id + 10; ++i) {
      AuctionScript script(i, terms);
      batch = batch + script.create();
    }
    append(batch);  // never a move
    largest = std::max(largest, std::filesystem::file_size(file().string() + "-wal"));
  }
  EXPECT_GT(largest, 60U << 20U);
  EXPECT_LT(largest, 80U << 20U);
}

// What a start without syncs may lose is lost under an epoch that is over.
TEST_F(SqliteLedgerTest, AStartWithoutSyncsBeginsAnEpoch) {
  const auto epoch_of = [&](Durability durability) {
    auto ledger = open_sqlite_ledger({.folder = folder_.path(), .durability = durability});
    EXPECT_TRUE(ledger);
    const auto recovered = recover((*ledger)->writer());
    EXPECT_TRUE(recovered);
    return recovered->report.epoch.value();
  };
  EXPECT_EQ(epoch_of(Durability::fsync), 1U);
  EXPECT_EQ(epoch_of(Durability::fsync), 1U);
  EXPECT_EQ(epoch_of(Durability::memory), 2U);
  EXPECT_EQ(epoch_of(Durability::fsync), 3U);
  EXPECT_EQ(epoch_of(Durability::fsync), 3U);
}

}  // namespace
}  // namespace flashbid::testing
