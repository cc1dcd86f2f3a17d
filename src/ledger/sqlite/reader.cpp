#include "ledger/sqlite/reader.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/sqlite/rows.hpp"

namespace flashbid::sqlite {

Result<std::unique_ptr<Reader>> Reader::over(Database db) {
  std::unique_ptr<Reader> reader(new Reader(std::move(db)));
  if (const auto prepared = reader->prepare(); !prepared) return std::unexpected(prepared.error());
  return reader;
}

Result<void> Reader::prepare() {
  const std::pair<Statement*, std::string> statements[] = {
      {&events_, fmt::format("SELECT {} FROM events WHERE auction = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
                             event_columns)},
      // Most events are bids, and there is at most one other between two of them: a filter beats an index.
      {&bids_, fmt::format("SELECT {} FROM events WHERE auction = ?1 AND sequence > ?2 AND event = {} "
                           "ORDER BY sequence LIMIT ?3",
                           event_columns, bid_accepted_number)},
      {&auction_, fmt::format("SELECT {} FROM auctions WHERE id = ?1", auction_columns)},
      {&list_, fmt::format("SELECT {} FROM auctions WHERE id > ?1 ORDER BY id LIMIT ?2", auction_columns)},
      {&list_in_state_,
       fmt::format("SELECT {} FROM auctions WHERE id > ?1 AND state = ?3 ORDER BY id LIMIT ?2", auction_columns)},
      {&answer_at_or_before_,
       "SELECT * FROM answers WHERE (operation, scope, caller, key) <= (?1, ?2, ?3, ?4) "
       "ORDER BY operation DESC, scope DESC, caller DESC, key DESC LIMIT 1"},
      {&answer_after_,
       "SELECT * FROM answers WHERE (operation, scope, caller, key) > (?1, ?2, ?3, ?4) "
       "ORDER BY operation, scope, caller, key LIMIT 1"},
      // What expires is a rejection, and all expire as long after they were decided. By that index it looks at those of
      // every auction, which ten minutes bound; by the key's at every accepted bid of this one, which nothing does.
      {&rejections_,
       "SELECT * FROM answers INDEXED BY answers_expiring WHERE expires IS NOT NULL AND operation = ?1 AND scope = ?2 "
       "ORDER BY expires DESC "
       "LIMIT ?3"},
  };
  for (const auto& [statement, sql] : statements) {
    if (const auto prepared = db_.prepare(*statement, sql.c_str()); !prepared) return prepared;
  }
  return {};
}

Result<std::vector<StoredEvent>> Reader::events(AuctionId auction, Sequence after, std::size_t limit, bool bids_only) {
  Statement& read = bids_only ? bids_ : events_;
  const Resetting resetting(read);
  read.bind(1, auction.value()).bind(2, after.value()).bind(3, std::uint64_t{limit});
  std::vector<StoredEvent> events;
  int code = read.step();
  for (; code == SQLITE_ROW; code = read.step()) {
    auto record = read_event(read);
    if (!record) return std::unexpected(record.error());
    events.push_back({record->sequence, record->kind, std::move(record->payload)});
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read events");
  return events;
}

Result<std::vector<Record>> Reader::records(AuctionId auction, Sequence after, std::size_t limit) {
  const Resetting resetting(events_);
  events_.bind(1, auction.value()).bind(2, after.value()).bind(3, std::uint64_t{limit});
  std::vector<Record> records;
  int code = events_.step();
  for (; code == SQLITE_ROW; code = events_.step()) {
    auto record = read_event(events_);
    if (!record) return std::unexpected(record.error());
    records.push_back(std::move(*record));
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read events");
  return records;
}

Result<std::optional<Auction>> Reader::auction(AuctionId id) {
  const Resetting resetting(auction_);
  const int code = auction_.bind(1, id.value()).step();
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) return db_.failure("cannot read an auction");
  auto image = read_auction(auction_);
  if (!image) return std::unexpected(image.error());
  return std::move(*image);
}

Result<std::vector<Auction>> Reader::list(const ListQuery& query) {
  Statement& read = query.state ? list_in_state_ : list_;
  const Resetting resetting(read);
  read.bind(1, query.after.value()).bind(2, std::uint64_t{query.limit});
  if (query.state) read.bind(3, static_cast<std::uint64_t>(*query.state));
  std::vector<Auction> auctions;
  int code = read.step();
  for (; code == SQLITE_ROW; code = read.step()) {
    auto image = read_auction(read);
    if (!image) return std::unexpected(image.error());
    auctions.push_back(std::move(*image));
  }
  if (code != SQLITE_DONE) return db_.failure("cannot list auctions");
  return auctions;
}

// A key that is not found has perhaps a row that is damaged in its key: still in its old place, so that the search for
// it ends right behind or before that row. Both are read, and a row is read with its checksum.
Result<std::optional<StoredAnswer>> Reader::answer(Operation operation, AuctionId auction, const BidderId& caller,
                                                   const IdempotencyKey& key) {
  RememberedKey wanted;
  wanted.use.operation = operation;
  wanted.use.caller = caller;
  wanted.use.key = key;
  wanted.scope = auction;
  auto found = find_answer(answer_at_or_before_, wanted);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto is_wanted = [&](const RememberedKey& row) {
    return row.use.operation == operation && row.scope == auction && row.use.caller == caller && row.use.key == key;
  };
  if (*found && is_wanted(**found)) return std::move((*found)->answer);
  if (const auto next = find_answer(answer_after_, wanted); !next) return std::unexpected(next.error());
  return std::nullopt;
}

Result<std::vector<StoredRejection>> Reader::rejections(AuctionId auction, std::size_t limit) {
  const Resetting resetting(rejections_);
  rejections_.bind(1, static_cast<std::uint64_t>(Operation::bid)).bind(2, auction.value());
  rejections_.bind(3, std::uint64_t{limit});
  std::vector<StoredRejection> rejections;
  int code = rejections_.step();
  for (; code == SQLITE_ROW; code = rejections_.step()) {
    const auto row = read_answer(rejections_);
    if (!row) return std::unexpected(row.error());
    auto answer = decode_answer(row->answer.answer_json);
    if (!answer) return std::unexpected(answer.error());
    rejections.push_back({row->use.key, *answer});
  }
  if (code != SQLITE_DONE) return db_.failure("cannot read refused bids");
  return rejections;
}

Result<std::optional<RememberedKey>> Reader::find_answer(Statement& statement, const RememberedKey& wanted) {
  const Resetting resetting(statement);
  statement.bind(1, static_cast<std::uint64_t>(wanted.use.operation))
      .bind(2, wanted.scope.value())
      .bind(3, wanted.use.caller.view())
      .bind(4, wanted.use.key.view());
  const int code = statement.step();
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) return db_.failure("cannot read an answer");
  auto row = read_answer(statement);
  if (!row) return std::unexpected(row.error());
  return std::move(*row);
}

}  // namespace flashbid::sqlite
