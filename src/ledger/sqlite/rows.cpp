#include "ledger/sqlite/rows.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "ledger/checksum.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid::sqlite {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Failure::corrupt, fmt::format("{} is damaged: its checksum does not fit its columns", what));
}

bool fits(const Statement& row, int column, std::uint32_t checksum) { return row.integer(column) == checksum; }

SharedBytes copy(std::string_view text) { return std::make_shared<const std::string>(text); }

}  // namespace

std::int64_t event_number(const EventBody& body) { return static_cast<std::int64_t>(body.index()) + 1; }

std::uint32_t checksum_of(const MetaRow& row) {
  return Checksum()
      .add(std::uint64_t{1})
      .add(row.epoch.value())
      .add(row.moved_through)
      .add(row.last_at.ms)
      .add(row.last_auction.value())
      .add(std::uint64_t{row.unsafe})
      .value();
}

std::uint32_t checksum_of(std::int64_t id, const Record& record) {
  return Checksum()
      .add(id)
      .add(record.auction.value())
      .add(record.sequence.value())
      .add(static_cast<std::uint64_t>(record.kind))
      .add(record.at.ms)
      .add(std::string_view(*record.payload))
      .add(std::string_view(record.secret))
      .value();
}

std::uint32_t checksum_of(const Record& record, std::int64_t event) {
  return Checksum()
      .add(record.auction.value())
      .add(record.sequence.value())
      .add(event)
      .add(record.at.ms)
      .add(std::string_view(*record.payload))
      .add(std::string_view(record.secret))
      .value();
}

std::uint32_t checksum_of(const Auction& auction, std::string_view image) {
  return Checksum()
      .add(auction.id.value())
      .add(static_cast<std::uint64_t>(auction.state))
      .add(auction.sequence.value())
      .add(image)
      .value();
}

std::uint32_t checksum_of(const RememberedKey& key) {
  return Checksum()
      .add(static_cast<std::uint64_t>(key.use.operation))
      .add(key.scope.value())
      .add(key.use.caller.view())
      .add(key.use.key.view())
      .add(std::string_view(key.use.fingerprint))
      .add(key.answer.auction.value())
      .add(key.answer.sequence.value())
      .add(std::string_view(key.answer.answer_json))
      .add(key.expires.value_or(Timestamp{}).ms)
      .value();
}

Result<MetaRow> read_meta(const Database& db, Statement& select) {
  const int code = select.step();
  if (code == SQLITE_DONE) return fail(Failure::corrupt, "the ledger's meta row is missing");
  if (code != SQLITE_ROW) return db.failure("cannot read the ledger");
  const MetaRow meta{Epoch{select.number(1)}, select.integer(2), Timestamp{select.integer(3)},
                     AuctionId{select.number(4)}, select.integer(5) != 0};
  if (!fits(select, 6, checksum_of(meta))) return damaged("the ledger's meta row");
  return meta;
}

Result<MetaRow> read_meta(Database& db) {
  Statement select;
  if (const auto prepared = db.prepare(select, select_meta); !prepared) return std::unexpected(prepared.error());
  return read_meta(db, select);
}

Result<JournalRow> read_journal(const Statement& row) {
  JournalRow read{row.integer(0),
                  Record{AuctionId{row.number(1)}, Sequence{row.number(2)}, static_cast<RecordKind>(row.integer(3)),
                         Timestamp{row.integer(4)}, copy(row.text(5)), std::string(row.text(6))}};
  // A kind beyond the enumerator's byte would be cut to a known one.
  const bool kind_in_range = row.integer(3) >= 0 && row.integer(3) <= 0xFF;
  if (!kind_in_range || !fits(row, 7, checksum_of(read.id, read.record))) {
    return damaged(fmt::format("journal row {}", read.id));
  }
  return read;
}

Result<Record> read_event(const Statement& row) {
  Record record{AuctionId{row.number(0)},  Sequence{row.number(1)}, RecordKind::event,
                Timestamp{row.integer(3)}, copy(row.text(4)),       std::string(row.text(5))};
  if (!fits(row, 6, checksum_of(record, row.integer(2)))) {
    return damaged(fmt::format("event {} of auction {}", record.sequence.value(), record.auction.value()));
  }
  return record;
}

Result<Auction> read_auction(const Statement& row) {
  const std::uint64_t id = row.number(0);
  Result<Auction> image = decode_image(row.text(3));
  // The checksum is over the image's text; the columns are compared with what the image says.
  const bool columns_fit = image && image->id.value() == id &&
                           row.integer(1) == static_cast<std::int64_t>(image->state) &&
                           row.number(2) == image->sequence.value();
  if (!columns_fit || !fits(row, 4, checksum_of(*image, row.text(3)))) {
    return damaged(fmt::format("the image of auction {}", id));
  }
  return image;
}

Result<RememberedKey> read_answer(const Statement& row) {
  const auto caller = BidderId::from(row.text(2));
  const auto key = IdempotencyKey::from(row.text(3));
  const auto what = [&] { return fmt::format("the answer to key {} of {}", row.text(3), row.text(2)); };
  if (!caller || !key || row.integer(0) < 1 || row.integer(0) > 3) return damaged(what());
  RememberedKey read;
  read.use = {static_cast<Operation>(row.integer(0)), *caller, *key, std::string(row.text(4))};
  read.scope = AuctionId{row.number(1)};
  read.answer = {read.use.fingerprint, AuctionId{row.number(5)}, Sequence{row.number(6)}, std::string(row.text(7))};
  if (!row.is_null(8)) read.expires = Timestamp{row.integer(8)};
  if (!fits(row, 9, checksum_of(read))) return damaged(what());
  return read;
}

}  // namespace flashbid::sqlite
