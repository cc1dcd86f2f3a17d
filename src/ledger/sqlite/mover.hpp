// Moves journal rows into history, in slices, each in one transaction: exactly once. Belongs to the writer's thread.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/transactor.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

struct Slice {
  std::size_t rows = 0;
  std::vector<Moved> moved;
};

class Mover {
 public:
  Mover(Database& db, Transactor& transactor) : db_(db), transactor_(transactor) {}
  [[nodiscard]] Result<void> prepare();

  // Moves the oldest rows, at most `max_rows`, and `meta` on with them; unchanged if it fails.
  [[nodiscard]] Result<Slice> move(MetaRow& meta, std::size_t max_rows);
  // Writes `meta`; inside a transaction.
  [[nodiscard]] Result<void> write_meta(const MetaRow& meta);

 private:
  // Images kept between slices, so that a hot auction is not read back from JSON for each.
  static constexpr std::size_t max_images = 4'096;
  struct Touched {
    Auction image;
    bool changed = false;
  };
  using TouchedAuctions = std::unordered_map<AuctionId, Touched>;

  [[nodiscard]] Result<std::vector<JournalRow>> read_rows(const MetaRow& meta, std::size_t max_rows);
  [[nodiscard]] Result<void> move_row(const JournalRow& row, TouchedAuctions& touched);
  [[nodiscard]] Result<Touched*> touch(AuctionId id, TouchedAuctions& touched);
  [[nodiscard]] Result<void> insert_event(const Record& record, const Event& event);
  [[nodiscard]] Result<void> insert_moved(const JournalRow& row);
  [[nodiscard]] Result<void> insert_ending(AuctionId auction, Timestamp at);
  [[nodiscard]] Result<void> put_answer(const RememberedKey& key);
  [[nodiscard]] Result<void> put_image(const Auction& image);
  [[nodiscard]] Result<void> delete_rows(std::int64_t last);
  void keep_images(TouchedAuctions touched);
  [[nodiscard]] Result<void> run(Statement& statement);

  Database& db_;
  Transactor& transactor_;
  Statement read_rows_;
  Statement load_image_;
  Statement insert_event_;
  Statement insert_moved_;
  Statement insert_ending_;
  Statement put_answer_;
  Statement put_image_;
  Statement delete_rows_;
  Statement write_meta_;
  std::unordered_map<AuctionId, Auction> images_;  // live ones, at their last moved event
};

}  // namespace flashbid::sqlite
