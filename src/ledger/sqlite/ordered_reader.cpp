#include "ledger/sqlite/ordered_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/schema.hpp"

namespace flashbid {

using namespace sqlite;

namespace {

// Of what `moved_` selects.
constexpr int payload_column = 4;
constexpr int row_column = 7;

std::unexpected<Error> out_of_order(std::int64_t row) {
  return fail(Failure::corrupt,
              fmt::format("the order of history is damaged at row {}: what it names is missing, or out "
                          "of sequence",
                          row));
}

}  // namespace

Result<std::unique_ptr<OrderedReader>> OrderedReader::open(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(database_file(folder), error)) {
    return fail(Failure::invalid, fmt::format("there is no ledger at {}", database_file(folder).string()));
  }
  auto db = open_for_reading({.folder = folder});
  if (!db) return std::unexpected(std::move(db.error()));
  const auto version = db->ask_number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version != schema_version) {
    return fail(Failure::invalid, fmt::format("the ledger at {} has schema {}, this FlashBid knows {}: start this "
                                              "version's server on it once",
                                              database_file(folder).string(), *version, schema_version));
  }
  std::unique_ptr<OrderedReader> reader(new OrderedReader(std::move(*db)));
  if (auto prepared = reader->prepare(); !prepared) return std::unexpected(std::move(prepared.error()));
  return reader;
}

Result<void> OrderedReader::prepare() {
  const std::pair<Statement*, std::string> statements[] = {
      {&meta_, select_meta},
      {&moved_, fmt::format("SELECT {}, row FROM moved LEFT JOIN events USING (auction, sequence) WHERE row > ?1 "
                            "ORDER BY row LIMIT ?2",
                            event_columns)},
      {&journal_, fmt::format("SELECT {} FROM journal WHERE id > ?1 ORDER BY id LIMIT ?2", journal_columns)},
      {&newest_, "SELECT max(id) FROM journal"},
  };
  for (const auto& [statement, sql] : statements) {
    if (auto prepared = db_.prepare(*statement, sql.c_str()); !prepared) return prepared;
  }
  return {};
}

Result<OrderedSlice> OrderedReader::read(std::int64_t position, std::size_t max) {
  if (auto begun = db_.set("BEGIN"); !begun) return std::unexpected(std::move(begun.error()));
  auto slice = read_snapshot(position, max);
  if (auto ended = db_.set("ROLLBACK"); !ended && slice) return std::unexpected(std::move(ended.error()));
  return slice;
}

Result<OrderedSlice> OrderedReader::read_snapshot(std::int64_t position, std::size_t max) {
  OrderedSlice slice;
  slice.position = position;
  std::int64_t moved_through = 0;
  {
    const Resetting resetting(meta_);
    const auto meta = read_meta(db_, meta_);
    if (!meta) return std::unexpected(meta.error());
    moved_through = meta->moved_through;
    slice.epoch = meta->epoch;
  }
  {
    const Resetting resetting(newest_);
    if (newest_.step() != SQLITE_ROW) return db_.failure("cannot read the journal");
    slice.newest = std::max(moved_through, newest_.integer(0));
  }
  if (position > slice.newest) {
    return fail(Failure::corrupt, fmt::format("the ledger ends at row {} and was read up to row {}: it is another "
                                              "ledger, or it has lost what it had",
                                              slice.newest, position));
  }
  if (position < moved_through) {
    if (auto read = read_moved(slice, max); !read) return std::unexpected(std::move(read.error()));
    if (slice.records.size() == max) return slice;
    slice.position = moved_through;
  }
  if (auto read = read_journal_rows(slice, max - slice.records.size()); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return slice;
}

Result<void> OrderedReader::read_moved(OrderedSlice& slice, std::size_t max) {
  const Resetting resetting(moved_);
  moved_.bind(1, slice.position).bind(2, std::uint64_t{max});
  int code = moved_.step();
  std::unordered_map<AuctionId, Sequence> last;
  for (; code == SQLITE_ROW; code = moved_.step()) {
    if (moved_.is_null(payload_column)) return out_of_order(moved_.integer(row_column));
    auto record = read_event(moved_);
    if (!record) return std::unexpected(std::move(record.error()));
    // The order has no checksum of its own: where it is damaged, events would be left out or told twice.
    const auto [place, is_first] = last.try_emplace(record->auction, record->sequence);
    if (!is_first && record->sequence != place->second.next()) return out_of_order(moved_.integer(row_column));
    place->second = record->sequence;
    slice.records.push_back(std::move(*record));
    slice.position = moved_.integer(row_column);
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read events");
  return {};
}

// Rejections that carried a key stand in the journal too and are passed over.
Result<void> OrderedReader::read_journal_rows(OrderedSlice& slice, std::size_t max) {
  const Resetting resetting(journal_);
  journal_.bind(1, slice.position).bind(2, std::uint64_t{max});
  int code = journal_.step();
  for (; code == SQLITE_ROW; code = journal_.step()) {
    auto row = read_journal(journal_);
    if (!row) return std::unexpected(std::move(row.error()));
    slice.position = row->id;
    if (row->record.kind == RecordKind::event) slice.records.push_back(std::move(row->record));
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read the journal");
  return {};
}

}  // namespace flashbid
