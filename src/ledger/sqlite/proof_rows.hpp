// The ledger's tables as `verify` walks through them: all sorted by auction, so that one pass over all of them sees an
// auction whole and keeps nothing of the others. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "ledger/history_step.hpp"
#include "ledger/record.hpp"
#include "ledger/sqlite/rows.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

struct EventRow {
  AuctionId auction;
  Record record;
  std::int64_t number = 0;  // of the event's kind
};
struct MovedRow {
  AuctionId auction;
  Sequence sequence;
  std::int64_t row = 0;
};
struct AnswerRow {
  AuctionId auction;
  RememberedKey key;
  std::optional<BidAnswer> rejected;  // none = the key of an event

  // The event that it is of, or rests on.
  [[nodiscard]] Sequence place() const { return rejected ? rejected->as_of_sequence : key.answer.sequence; }
};
// As it is stored: what it should say is known.
struct ImageRow {
  AuctionId auction;
  std::int64_t state = 0;
  Sequence sequence;
  std::string text;
};
struct EndingRow {
  AuctionId auction;
  Timestamp at;
};
struct UnmovedRow {
  AuctionId auction;
  JournalRow row;
};

// One table's rows in an order of which the first part is the auction.
template <class Row>
class SortedRows {
 public:
  using Read = Result<Row> (*)(const Statement&);

  [[nodiscard]] Result<void> open(Database& db, const std::string& sql, Read read) {
    db_ = &db;
    read_ = read;
    if (const auto prepared = db.prepare(statement_, sql.c_str()); !prepared) return prepared;
    return next();
  }
  // Null = all have been read.
  [[nodiscard]] const Row* head() const { return head_ ? &*head_ : nullptr; }
  // The same, of this auction only.
  [[nodiscard]] const Row* head(AuctionId auction) const {
    return head_ && head_->auction == auction ? &*head_ : nullptr;
  }
  [[nodiscard]] Result<void> next() {
    head_.reset();
    const int code = statement_.step();
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return db_->failure("cannot read the ledger");
    Result<Row> row = read_(statement_);
    if (!row) return std::unexpected(std::move(row.error()));
    head_ = std::move(*row);
    return {};
  }

 private:
  Database* db_ = nullptr;
  Read read_ = nullptr;
  Statement statement_;
  std::optional<Row> head_;
};

struct ProofRows {
  SortedRows<EventRow> events;    // by sequence
  SortedRows<MovedRow> moved;     // by sequence, row
  SortedRows<AnswerRow> answers;  // by the event that they are of, or rest on
  SortedRows<ImageRow> images;
  SortedRows<EndingRow> endings;
  SortedRows<UnmovedRow> journal;  // by id

  [[nodiscard]] Result<void> open(Database& db);
  // The lowest auction that has a row left; none = all have been seen.
  [[nodiscard]] std::optional<AuctionId> next_auction() const;
};

}  // namespace flashbid::sqlite
