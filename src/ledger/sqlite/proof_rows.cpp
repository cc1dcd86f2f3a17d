#include "ledger/sqlite/proof_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/checksum.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid::sqlite {
namespace {

Result<EventRow> read_event_row(const Statement& row) {
  auto record = read_event(row);
  if (!record) return std::unexpected(std::move(record.error()));
  const AuctionId auction = record->auction;
  return EventRow{auction, std::move(*record), row.integer(2)};
}

Result<MovedRow> read_moved_row(const Statement& row) {
  return MovedRow{AuctionId{row.number(1)}, Sequence{row.number(2)}, row.integer(0)};
}

Result<AnswerRow> read_answer_row(const Statement& row) {
  auto key = read_answer(row);
  if (!key) return std::unexpected(std::move(key.error()));
  AnswerRow read{key->answer.auction, std::move(*key), std::nullopt};
  if (read.key.answer.sequence != Sequence{0}) return read;
  auto answer = decode_answer(read.key.answer.answer_json);
  if (!answer) {
    return fail(Failure::corrupt, fmt::format("the answer to key {} of {} in auction {}: {}", row.text(3), row.text(2),
                                              read.auction.value(), answer.error().detail));
  }
  read.rejected = std::move(*answer);
  return read;
}

Result<ImageRow> read_image_row(const Statement& row) {
  const std::uint64_t id = row.number(0);
  ImageRow read{AuctionId{id}, row.integer(1), Sequence{row.number(2)}, std::string(row.text(3))};
  const std::uint32_t crc =
      Checksum().add(id).add(read.state).add(read.sequence.value()).add(std::string_view(read.text)).value();
  if (row.integer(4) == crc) return read;
  return fail(Failure::corrupt,
              fmt::format("the image of auction {} is damaged: its checksum does not fit its columns", id));
}

Result<EndingRow> read_ending_row(const Statement& row) {
  return EndingRow{AuctionId{row.number(1)}, Timestamp{row.integer(0)}};
}

Result<UnmovedRow> read_unmoved_row(const Statement& row) {
  auto read = read_journal(row);
  if (!read) return std::unexpected(std::move(read.error()));
  const AuctionId auction = read->record.auction;
  return UnmovedRow{auction, std::move(*read)};
}

// as_of(answer): the event that a rejection rests on; NULL if it cannot be read, which whoever reads its row will tell.
// SQLite's own json_valid() says no when it has no memory.
void as_of(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return;
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  if (text == nullptr) return sqlite3_result_error_nomem(context);
  const auto answer = decode_answer({text, static_cast<std::size_t>(sqlite3_value_bytes(values[0]))});
  if (answer) sqlite3_result_int64(context, static_cast<std::int64_t>(answer->as_of_sequence.value()));
}

}  // namespace

Result<void> ProofRows::open(Database& db) {
  // SQLite sorts what is larger than its cache in a file of its own.
  constexpr const char* by_place =
      "SELECT * FROM answers ORDER BY auction, CASE WHEN sequence <> 0 THEN sequence ELSE as_of(answer) END";
  if (sqlite3_create_function(db.handle(), "as_of", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, &as_of, nullptr,
                              nullptr) != SQLITE_OK) {
    return db.failure("cannot read the answers");
  }
  auto opened =
      events.open(db, fmt::format("SELECT {} FROM events ORDER BY auction, sequence", event_columns), read_event_row);
  if (opened) {
    opened = moved.open(db, "SELECT row, auction, sequence FROM moved ORDER BY auction, sequence, row", read_moved_row);
  }
  if (opened) opened = answers.open(db, by_place, read_answer_row);
  if (opened) {
    opened = images.open(db, fmt::format("SELECT {} FROM auctions ORDER BY id", auction_columns), read_image_row);
  }
  if (opened) opened = endings.open(db, "SELECT at, auction FROM endings ORDER BY auction, at", read_ending_row);
  if (opened) {
    opened =
        journal.open(db, fmt::format("SELECT {} FROM journal ORDER BY auction, id", journal_columns), read_unmoved_row);
  }
  return opened;
}

std::optional<AuctionId> ProofRows::next_auction() const {
  std::optional<AuctionId> lowest;
  const auto look = [&](const auto& rows) {
    if (rows.head() != nullptr && (!lowest || rows.head()->auction < *lowest)) lowest = rows.head()->auction;
  };
  look(events);
  look(moved);
  look(answers);
  look(images);
  look(endings);
  look(journal);
  return lowest;
}

}  // namespace flashbid::sqlite
