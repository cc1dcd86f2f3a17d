#include "ledger/sqlite/mover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/history_step.hpp"

namespace flashbid::sqlite {
namespace {

constexpr std::string_view doing = "moving events into history";

}  // namespace

Result<void> Mover::prepare() {
  const std::pair<Statement*, std::string> statements[] = {
      {&read_rows_, fmt::format("SELECT {} FROM journal WHERE id > ?1 ORDER BY id LIMIT ?2", journal_columns)},
      {&load_image_, fmt::format("SELECT {} FROM auctions WHERE id = ?1", auction_columns)},
      {&insert_event_, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&insert_moved_, "INSERT INTO moved VALUES (?1, ?2, ?3)"},
      {&insert_ending_, "INSERT INTO endings VALUES (?1, ?2)"},
      {&put_answer_, "INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {&put_image_,
       "INSERT INTO auctions VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
       "sequence = excluded.sequence, image = excluded.image, crc = excluded.crc"},
      {&delete_rows_, "DELETE FROM journal WHERE id <= ?1"},
      {&write_meta_,
       "UPDATE meta SET epoch = ?1, moved_through = ?2, last_at = ?3, last_auction = ?4, unsafe = ?5, crc = ?6 "
       "WHERE id = 1"},
  };
  for (const auto& [statement, sql] : statements) {
    if (const auto prepared = db_.prepare(*statement, sql.c_str()); !prepared) return prepared;
  }
  return {};
}

Result<Slice> Mover::move(MetaRow& meta, std::size_t max_rows) {
  Slice slice;
  TouchedAuctions touched;
  MetaRow after = meta;
  const auto body = [&]() -> Result<void> {
    const auto rows = read_rows(meta, max_rows);
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return {};
    for (const JournalRow& row : *rows) {
      if (const auto moved = move_row(row, touched); !moved) return moved;
      after.last_at = std::max(after.last_at, row.record.at);
      after.last_auction = std::max(after.last_auction, row.record.auction);
    }
    slice.rows = rows->size();
    after.moved_through = rows->back().id;
    for (const auto& [id, one] : touched) {
      if (!one.changed) continue;
      if (const auto put = put_image(one.image); !put) return put;
    }
    if (const auto deleted = delete_rows(after.moved_through); !deleted) return deleted;
    return write_meta(after);
  };
  if (const auto moved = transactor_.run(doing, body); !moved) return std::unexpected(moved.error());

  meta = after;
  slice.moved.reserve(touched.size());
  for (const auto& [id, one] : touched) slice.moved.push_back({id, one.image.sequence});
  keep_images(std::move(touched));
  return slice;
}

Result<std::vector<JournalRow>> Mover::read_rows(const MetaRow& meta, std::size_t max_rows) {
  std::vector<JournalRow> rows;
  const Resetting resetting(read_rows_);
  read_rows_.bind(1, meta.moved_through).bind(2, std::uint64_t{max_rows});
  int code = read_rows_.step();
  for (std::int64_t expected = meta.moved_through + 1; code == SQLITE_ROW; ++expected) {
    auto row = read_journal(read_rows_);
    if (!row) return std::unexpected(row.error());
    if (row->id != expected) return fail(Failure::corrupt, fmt::format("journal row {} is missing", expected));
    rows.push_back(std::move(*row));
    code = read_rows_.step();
  }
  if (code != SQLITE_DONE) return std::unexpected(transactor_.before_commit(doing));
  return rows;
}

Result<void> Mover::move_row(const JournalRow& row, TouchedAuctions& touched) {
  const Record& record = row.record;
  auto step = read_step(record);
  if (!step) return std::unexpected(step.error());
  const auto one = touch(record.auction, touched);
  if (!one) return std::unexpected(one.error());
  Touched& auction = **one;
  if (step->event) {
    if (const auto moved = advance(auction.image, record.auction, *step->event); !moved) return moved;
    auction.changed = true;
    if (const auto inserted = insert_event(record, *step->event); !inserted) return inserted;
    if (const auto inserted = insert_moved(row); !inserted) return inserted;
    const bool ends =
        std::holds_alternative<Closed>(step->event->body) || std::holds_alternative<Cancelled>(step->event->body);
    if (ends) {
      if (const auto inserted = insert_ending(record.auction, record.at); !inserted) return inserted;
    }
  } else if (auction.image.sequence == Sequence{0}) {
    return fail(Failure::corrupt,
                fmt::format("an answer about auction {}, which was never created", record.auction.value()));
  }
  if (step->key) return put_answer(*step->key);
  return {};
}

Result<Mover::Touched*> Mover::touch(AuctionId id, TouchedAuctions& touched) {
  const auto [place, is_new] = touched.try_emplace(id);
  Touched* const one = &place->second;
  if (!is_new) return one;
  if (const auto kept = images_.find(id); kept != images_.end()) {
    one->image = kept->second;
    return one;
  }
  const Resetting resetting(load_image_);
  const int code = load_image_.bind(1, id.value()).step();
  if (code == SQLITE_DONE) return one;
  if (code != SQLITE_ROW) return std::unexpected(transactor_.before_commit(doing));
  auto image = read_auction(load_image_);
  if (!image) return std::unexpected(image.error());
  one->image = std::move(*image);
  return one;
}

Result<void> Mover::insert_event(const Record& record, const Event& event) {
  const std::int64_t number = event_number(event.body);
  return run(insert_event_.bind(1, record.auction.value())
                 .bind(2, record.sequence.value())
                 .bind(3, number)
                 .bind(4, record.at.ms)
                 .bind(5, std::string_view(*record.payload))
                 .bind(6, std::string_view(record.secret))
                 .bind(7, std::uint64_t{checksum_of(record, number)}));
}

Result<void> Mover::insert_moved(const JournalRow& row) {
  return run(insert_moved_.bind(1, row.id).bind(2, row.record.auction.value()).bind(3, row.record.sequence.value()));
}

Result<void> Mover::insert_ending(AuctionId auction, Timestamp at) {
  return run(insert_ending_.bind(1, at.ms).bind(2, auction.value()));
}

Result<void> Mover::put_answer(const RememberedKey& key) {
  put_answer_.bind(1, static_cast<std::uint64_t>(key.use.operation))
      .bind(2, key.scope.value())
      .bind(3, key.use.caller.view())
      .bind(4, key.use.key.view())
      .bind(5, std::string_view(key.use.fingerprint))
      .bind(6, key.answer.auction.value())
      .bind(7, key.answer.sequence.value())
      .bind(8, std::string_view(key.answer.answer_json))
      .bind(10, std::uint64_t{checksum_of(key)});
  if (key.expires) {
    put_answer_.bind(9, key.expires->ms);
  } else {
    put_answer_.bind_null(9);
  }
  return run(put_answer_);
}

Result<void> Mover::put_image(const Auction& image) {
  std::string text;
  encode_image(image, text);
  return run(put_image_.bind(1, image.id.value())
                 .bind(2, static_cast<std::uint64_t>(image.state))
                 .bind(3, image.sequence.value())
                 .bind(4, std::string_view(text))
                 .bind(5, std::uint64_t{checksum_of(image, text)}));
}

Result<void> Mover::delete_rows(std::int64_t last) { return run(delete_rows_.bind(1, last)); }

Result<void> Mover::write_meta(const MetaRow& meta) {
  return run(write_meta_.bind(1, meta.epoch.value())
                 .bind(2, meta.moved_through)
                 .bind(3, meta.last_at.ms)
                 .bind(4, meta.last_auction.value())
                 .bind(5, std::uint64_t{meta.unsafe})
                 .bind(6, std::uint64_t{checksum_of(meta)}));
}

void Mover::keep_images(TouchedAuctions touched) {
  if (images_.size() + touched.size() > max_images) images_.clear();
  for (auto& [id, one] : touched) {
    if (is_over(one.image.state)) {
      images_.erase(id);
    } else {
      images_.insert_or_assign(id, std::move(one.image));
    }
  }
}

Result<void> Mover::run(Statement& statement) {
  const int code = statement.run();
  if (code == SQLITE_OK) return {};
  // A row that is there already would be moved twice.
  if ((code & 0xFF) == SQLITE_CONSTRAINT) {
    return fail(Failure::corrupt, fmt::format("{}: {}", doing, db_.problem().text));
  }
  return std::unexpected(transactor_.before_commit(doing));
}

}  // namespace flashbid::sqlite
