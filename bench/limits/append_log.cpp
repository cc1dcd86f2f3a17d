#include "limits/append_log.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace flashbid::bench {
namespace {

constexpr const char* settings =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA cache_spill = OFF;"
    "CREATE TABLE journal(id INTEGER PRIMARY KEY, auction INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, secret TEXT NOT NULL, crc INTEGER NOT NULL)"
    " STRICT;";

}  // namespace

AppendLog::AppendLog(const std::string& folder, std::string payload) : payload_(std::move(payload)) {
  sqlite3* db = nullptr;
  const int opened = sqlite3_open((folder + "/limit.db").c_str(), &db);
  db_.reset(db);
  check(opened, SQLITE_OK, "open");
  check(sqlite3_exec(db, settings, nullptr, nullptr, nullptr), SQLITE_OK, "settings");
  begin_ = prepare("BEGIN IMMEDIATE");
  insert_ = prepare(
      "INSERT INTO journal(auction, sequence, kind, at, payload, secret, crc) VALUES(?1, ?2, 0, ?3, ?4, '', ?5)");
  commit_ = prepare("COMMIT");
}

void AppendLog::append(std::size_t rows) {
  constexpr std::int64_t auctions = 64;
  constexpr std::int64_t at_ms = 1'800'000'000'000;
  constexpr std::int64_t any_crc = 0x9e3779b9;
  run(begin_);
  for (std::size_t row = 0; row < rows; ++row) {
    ++sequence_;
    sqlite3_bind_int64(insert_.get(), 1, sequence_ % auctions);
    sqlite3_bind_int64(insert_.get(), 2, sequence_);
    sqlite3_bind_int64(insert_.get(), 3, at_ms + sequence_);
    sqlite3_bind_text(insert_.get(), 4, payload_.data(), static_cast<int>(payload_.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_.get(), 5, any_crc);
    run(insert_);
  }
  run(commit_);
}

AppendLog::Statement AppendLog::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr), SQLITE_OK, sql);
  return Statement(statement);
}

void AppendLog::run(const Statement& statement) {
  check(sqlite3_step(statement.get()), SQLITE_DONE, sqlite3_sql(statement.get()));
  sqlite3_reset(statement.get());
}

void AppendLog::check(int code, int wanted, const char* doing) const {
  if (code == wanted) return;
  fmt::print(stderr, "raw_epoll: {}: {}\n", doing, sqlite3_errmsg(db_.get()));
  std::exit(1);
}

}  // namespace flashbid::bench
