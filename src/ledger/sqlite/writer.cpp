#include "ledger/sqlite/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "ledger/sqlite/folder.hpp"

namespace flashbid::sqlite {
namespace {

// What a start in a folder that has never been used begins with.
constexpr Epoch first_epoch{1};

// Durability::memory: only checkpoints sync, so that a power cut takes the newest commits and leaves the file whole.
constexpr const char* unsynced_commits = "PRAGMA synchronous = NORMAL";

}  // namespace

Writer::Writer(Database db, const SqliteLedgerOptions& options)
    : db_(std::move(db)),
      durability_(options.durability),
      folder_(options.folder),
      checkpoint_frames_(options.checkpoint_pages > 0 ? options.checkpoint_pages : Checkpointer::step_frames),
      transactor_(db_),
      checkpointer_(db_),
      mover_(db_, transactor_),
      forgetter_(db_, transactor_) {}

Writer::~Writer() {
  // After a failure nothing may be written any more, also not by the checkpoint that closing makes.
  if (transactor_.failed()) sqlite3_db_config(db_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Writer::prepare() {
  if (const auto prepared = transactor_.prepare(); !prepared) return prepared;
  if (const auto prepared = mover_.prepare(); !prepared) return prepared;
  if (const auto prepared = forgetter_.prepare(); !prepared) return prepared;
  return db_.prepare(insert_, "INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
}

Result<RecoveryReport> Writer::recover(const Recovery& recovery) {
  require(!recovered_, "a ledger is recovered once");
  auto report = read_back(recovery);
  if (!report) return std::unexpected(explained(std::move(report.error()), folder_));
  recovered_ = true;
  return report;
}

Result<RecoveryReport> Writer::read_back(const Recovery& recovery) {
  const auto meta = read_meta(db_);
  if (!meta) return std::unexpected(meta.error());
  meta_ = *meta;
  RecoveryReport report{{}, meta_.last_auction, meta_.last_at};
  if (const auto told = tell_images(recovery); !told) return std::unexpected(told.error());
  if (const auto told = tell_journal(recovery, report); !told) return std::unexpected(told.error());
  if (const auto started = start_epoch(); !started) return std::unexpected(started.error());
  // The epoch is durable before anything rests on it, also where nothing else is.
  if (durability_ == Durability::memory) {
    if (const auto set = db_.set(unsynced_commits); !set) return std::unexpected(set.error());
  }
  report.epoch = meta_.epoch;
  return report;
}

Result<void> Writer::tell_images(const Recovery& recovery) {
  const std::string sql = fmt::format("SELECT {} FROM auctions WHERE state IN ({}, {})", auction_columns,
                                      static_cast<int>(AuctionState::scheduled), static_cast<int>(AuctionState::open));
  Statement read(db_.handle(), sql.c_str());
  if (!read.prepared()) return db_.failure("cannot read the auctions");
  int code = read.step();
  for (; code == SQLITE_ROW; code = read.step()) {
    auto image = read_auction(read);
    if (!image) return std::unexpected(image.error());
    if (const auto told = recovery.on_image(std::move(*image)); !told) return told;
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read the auctions");
  return {};
}

Result<void> Writer::tell_journal(const Recovery& recovery, RecoveryReport& report) {
  const std::string sql = fmt::format("SELECT {} FROM journal ORDER BY id", journal_columns);
  Statement read(db_.handle(), sql.c_str());
  if (!read.prepared()) return db_.failure("cannot read the journal");
  last_row_ = meta_.moved_through;
  int code = read.step();
  for (; code == SQLITE_ROW; code = read.step()) {
    const auto row = read_journal(read);
    if (!row) return std::unexpected(row.error());
    if (row->id != last_row_ + 1) {
      return fail(Failure::corrupt, fmt::format("journal row {} follows row {}", row->id, last_row_));
    }
    last_row_ = row->id;
    ++unmoved_;
    report.last_at = std::max(report.last_at, row->record.at);
    report.last_auction_id = std::max(report.last_auction_id, row->record.auction);
    if (const auto told = recovery.on_record(row->record); !told) return told;
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read the journal");
  return {};
}

// History may have been lost if the last start, or this one, does not sync.
Result<void> Writer::start_epoch() {
  MetaRow next = meta_;
  next.unsafe = durability_ == Durability::memory;
  const bool is_new = meta_.epoch == Epoch{0};
  if (is_new) {
    next.epoch = first_epoch;
  } else if (meta_.unsafe || next.unsafe) {
    next.epoch = meta_.epoch.next();
  }
  if (next.epoch == meta_.epoch && next.unsafe == meta_.unsafe) return {};
  const auto written = transactor_.run("starting an epoch", [&] { return mover_.write_meta(next); });
  if (written) meta_ = next;
  return written;
}

Result<void> Writer::append(std::span<const Record> records) {
  require(recovered_, "a ledger is recovered before it is appended to");
  if (transactor_.failed()) return std::unexpected(*transactor_.failed());
  if (records.empty()) return {};
  if (had_no_space_ || checkpointer_.backlog_frames() >= Checkpointer::hard_frames) {
    if (const auto done = checkpoint(); !done) return done;
  }
  const auto appended = transactor_.run("appending events", [&] { return insert(records); });
  had_no_space_ = !appended;
  if (!appended) return appended;
  last_row_ += static_cast<std::int64_t>(records.size());
  unmoved_ += records.size();
  return {};
}

Result<void> Writer::insert(std::span<const Record> records) {
  std::int64_t id = last_row_;
  for (const Record& record : records) {
    ++id;
    insert_.bind(1, id)
        .bind(2, record.auction.value())
        .bind(3, record.sequence.value())
        .bind(4, static_cast<std::uint64_t>(record.kind))
        .bind(5, record.at.ms)
        .bind(6, std::string_view(*record.payload))
        .bind(7, std::string_view(record.secret))
        .bind(8, std::uint64_t{checksum_of(id, record)});
    if (insert_.run() != SQLITE_OK) return std::unexpected(transactor_.before_commit("appending events"));
  }
  return {};
}

Result<std::vector<Moved>> Writer::move(std::size_t max_records) {
  require(recovered_, "a ledger is recovered before rows move");
  if (transactor_.failed()) return std::unexpected(*transactor_.failed());
  Slice slice;
  if (unmoved_ > 0 && max_records > 0) {
    auto moved = mover_.move(meta_, max_records);
    if (!moved) return std::unexpected(moved.error());
    slice = std::move(*moved);
    require(slice.rows > 0 && slice.rows <= unmoved_, "a journal with unmoved rows has rows");
    unmoved_ -= slice.rows;
  }
  if (checkpointer_.backlog_frames() >= checkpoint_frames_) {
    if (const auto done = checkpoint(); !done) return std::unexpected(done.error());
  }
  return std::move(slice.moved);
}

Result<bool> Writer::forget_answers(Timestamp now) {
  require(recovered_, "a ledger is recovered before answers are forgotten");
  return forgetter_.forget(now);
}

// A full disk keeps the WAL as it is and harms nothing. A failed write or sync may not be tried again: the next sync
// could succeed without these pages, and the WAL that still has them would be overwritten.
Result<void> Writer::checkpoint() {
  const Problem problem = checkpointer_.run();
  if (problem.code == SQLITE_OK || problem.is_passing()) return {};
  const Failure failure = problem.is_corruption() ? Failure::corrupt : Failure::outcome_unknown;
  return transactor_.stop({failure, fmt::format("cannot checkpoint the ledger: {} (SQLite {}, errno {})", problem.text,
                                                problem.code, problem.system_error)});
}

}  // namespace flashbid::sqlite
