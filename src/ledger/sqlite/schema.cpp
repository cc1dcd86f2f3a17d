#include "ledger/sqlite/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/rows.hpp"

namespace flashbid::sqlite {
namespace {

// Another process may look into the file with a tool for a moment; nobody may write.
constexpr int busy_timeout_ms = 5'000;

constexpr const char* tables = R"sql(
CREATE TABLE meta(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  moved_through INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_auction INTEGER NOT NULL,
  unsafe INTEGER NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE journal(
  id INTEGER PRIMARY KEY,
  auction INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  at INTEGER NOT NULL,
  payload TEXT NOT NULL,
  secret TEXT NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE events(
  auction INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  event INTEGER NOT NULL,
  at INTEGER NOT NULL,
  payload TEXT NOT NULL,
  secret TEXT NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (auction, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE auctions(
  id INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  image TEXT NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE INDEX auctions_by_state ON auctions(state, id);
CREATE TABLE answers(
  operation INTEGER NOT NULL,
  scope INTEGER NOT NULL,
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  auction INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  answer TEXT NOT NULL,
  expires INTEGER,
  crc INTEGER NOT NULL,
  PRIMARY KEY (operation, scope, caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_expiring ON answers(expires) WHERE expires IS NOT NULL;
CREATE TABLE endings(
  at INTEGER NOT NULL,
  auction INTEGER NOT NULL,
  PRIMARY KEY (at, auction)
) STRICT, WITHOUT ROWID;
CREATE TABLE moved(
  row INTEGER PRIMARY KEY,
  auction INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;
)sql";

// Version 1 did not keep the order in which events moved. Any order will do that has each auction's events in sequence
// and ends at or before the last row that has moved.
constexpr const char* from_version_1 = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE moved(
  row INTEGER PRIMARY KEY,
  auction INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;
INSERT INTO moved SELECT row_number() OVER (ORDER BY auction, sequence), auction, sequence FROM events;
PRAGMA user_version = 2;
COMMIT;
)sql";

// Before SQLite touches it: opening another program's database could already roll back its journal.
Result<void> check_header(const std::filesystem::path& file) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::ifstream in(file, std::ios::binary);
  std::array<char, 16> head{};
  in.read(head.data(), head.size());
  if (in.gcount() == 0) return {};  // missing or empty: new
  if (std::string_view(head.data(), static_cast<std::size_t>(in.gcount())) == magic) return {};
  // A first start that was cut short: its journal is whole, and SQLite takes it back.
  std::error_code none;
  const auto journal_bytes = std::filesystem::file_size(file.string() + "-journal", none);
  if (!none && journal_bytes > 0) return {};
  return fail(Failure::corrupt, fmt::format("{} is not a FlashBid ledger: it is no SQLite file", file.string()));
}

Result<void> apply_settings(Database& db, const SqliteLedgerOptions& options) {
  sqlite3_busy_timeout(db.handle(), busy_timeout_ms);
  const auto mode = db.ask_text("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal") return fail(Failure::invalid, "the data folder's file system cannot hold a write-ahead log");
  for (const char* setting : {
           "PRAGMA synchronous = FULL",
           "PRAGMA wal_autocheckpoint = 0",  // the writer checkpoints when it is idle
           "PRAGMA journal_size_limit = 67108864",
           "PRAGMA cache_size = -32768",
           "PRAGMA cache_spill = OFF",  // the WAL is written by COMMIT only: an error before it left nothing
           "PRAGMA temp_store = MEMORY",
           "PRAGMA cell_size_check = ON",
           "PRAGMA trusted_schema = OFF",
       }) {
    if (const auto set = db.set(setting); !set) return set;
  }
  const auto level = db.ask_number("PRAGMA synchronous");
  if (!level) return std::unexpected(level.error());
  if (*level != 2) return fail(Failure::internal, "SQLite did not take the durability asked for");
  if (options.max_pages > 0) return db.set(fmt::format("PRAGMA max_page_count = {}", options.max_pages));
  return {};
}

// The log's index in shared memory is a file on the same disk, and SQLite grows it after a commit's sync: there, a full
// disk would leave a commit that is durable and has failed. So it gets its room before, for twice the frames that
// Checkpointer lets the log have; every other write of a commit comes before its sync.
Result<void> reserve_log_index(Database& db) {
  constexpr int region_bytes = 32'768;  // of 4,096 frames
  constexpr int regions = 8;
  if (const auto read = db.ask_number("SELECT count(*) FROM sqlite_schema"); !read)
    return std::unexpected(read.error());
  // After a failed call to the disk SQLite may have taken the log back by now.
  const auto mode = db.ask_text("PRAGMA journal_mode");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal") return fail(Failure::internal, "the write-ahead log could not be begun: disk I/O error");
  sqlite3_file* file = nullptr;
  const int found = sqlite3_file_control(db.handle(), nullptr, SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
  require(found == SQLITE_OK && file->pMethods->iVersion >= 2, "a WAL database has shared memory");
  for (int region = 0; region < regions; ++region) {
    volatile void* memory = nullptr;
    const int code = file->pMethods->xShmMap(file, region, region_bytes, 1, &memory);
    if (code == SQLITE_OK) continue;
    return fail(Failure::unavailable, fmt::format("no room for the log's index in the data folder: {} (SQLite {})",
                                                  sqlite3_errstr(code), code));
  }
  return {};
}

// Ours before it is a WAL file, so that a start that was cut short here can be told from another program's file.
Result<void> claim(Database& db) {
  if (const auto set = db.set(fmt::format("PRAGMA page_size = {}", page_bytes)); !set) return set;
  return db.set(fmt::format("PRAGMA application_id = {}", application_id));
}

Result<void> make_tables(Database& db) {
  const MetaRow fresh{};
  const std::string sql = fmt::format(
      "BEGIN IMMEDIATE; {} INSERT INTO meta VALUES (1, 0, 0, 0, 0, 0, {}); "
      "PRAGMA user_version = {}; COMMIT;",
      tables, checksum_of(fresh), schema_version);
  if (db.run(sql.c_str()) == SQLITE_OK) return {};
  const auto error = db.failure("cannot make the ledger's tables");
  std::ignore = db.run("ROLLBACK");  // closing the connection would do the same
  return error;
}

Result<void> migrate(Database& db) {
  if (db.run(from_version_1) == SQLITE_OK) return {};
  const auto error = db.failure("cannot bring the ledger's tables up to this version");
  std::ignore = db.run("ROLLBACK");
  return error;
}

// Whether a power cut may have left holes in its log: it was last written without syncs.
bool was_unsafe(const SqliteLedgerOptions& options) {
  auto db = open_for_reading(options);
  if (!db) return false;
  const auto meta = read_meta(*db);
  return meta && meta->unsafe;
}

Result<void> make_log_durable(const std::filesystem::path& file, const SqliteLedgerOptions& options) {
  auto rewritten = rewrite_wal(file, options.vfs, false);
  const bool damaged = !rewritten && rewritten.error().failure == Failure::corrupt;
  if (!damaged || !was_unsafe(options)) return rewritten;
  return rewrite_wal(file, options.vfs, true);
}

}  // namespace

Result<std::int64_t> check_ours(Database& db, const std::filesystem::path& file) {
  const auto id = db.ask_number("PRAGMA application_id");
  if (!id) return std::unexpected(id.error());
  const auto tables_there = db.ask_number("SELECT count(*) FROM sqlite_schema");
  if (!tables_there) return std::unexpected(tables_there.error());
  if (*id != application_id && (*id != 0 || *tables_there != 0)) {
    return fail(Failure::corrupt,
                fmt::format("{} is another program's SQLite file, not a FlashBid ledger", file.string()));
  }
  const auto version = db.ask_number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version > schema_version) {
    return fail(Failure::invalid, fmt::format("{} was made by a newer FlashBid (its schema is {}, this one knows {}): "
                                              "start the newer one",
                                              file.string(), *version, schema_version));
  }
  return *version;
}

Result<Database> open_for_writing(const SqliteLedgerOptions& options) {
  const auto file = database_file(options.folder);
  if (const auto checked = check_header(file); !checked) return std::unexpected(checked.error());
  if (const auto durable = make_log_durable(file, options); !durable) return std::unexpected(durable.error());

  auto db = Database::open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options.vfs);
  if (!db) return db;
  const auto version = check_ours(*db, file);
  if (!version) return std::unexpected(version.error());
  const bool is_new = *version == 0;
  if (is_new) {
    if (const auto claimed = claim(*db); !claimed) return std::unexpected(claimed.error());
  }
  if (const auto set = apply_settings(*db, options); !set) return std::unexpected(set.error());
  if (is_new) {
    if (const auto made = make_tables(*db); !made) return std::unexpected(made.error());
  } else if (*version < schema_version) {
    if (const auto migrated = migrate(*db); !migrated) return std::unexpected(migrated.error());
  }
  if (const auto reserved = reserve_log_index(*db); !reserved) return std::unexpected(reserved.error());
  if (const auto synced = sync_folder(options.folder); !synced) return std::unexpected(synced.error());
  return db;
}

Result<Database> open_for_reading(const SqliteLedgerOptions& options) {
  auto db = Database::open(database_file(options.folder), SQLITE_OPEN_READONLY, options.vfs);
  if (!db) return db;
  sqlite3_busy_timeout(db->handle(), busy_timeout_ms);
  // Were it the last one to close, it must not checkpoint: only the writer does.
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (const auto set = db->set("PRAGMA cell_size_check = ON"); !set) return std::unexpected(set.error());
  return db;
}

Result<void> check_whole(Database& db, const std::filesystem::path& folder) {
  const auto meta = read_meta(db);
  if (!meta) return std::unexpected(meta.error());
  if (meta->unsafe) return {};
  return look_at_wal(database_file(folder));
}

}  // namespace flashbid::sqlite
