// Deletes remembered answers whose time is over, in bounded transactions. Belongs to the writer's thread.
#pragma once

#include <vector>

#include "base/time.hpp"
#include "ledger/record.hpp"
#include "ledger/sqlite/transactor.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

class Forgetter {
 public:
  // The most answers that one transaction deletes: some milliseconds.
  static constexpr int max_answers = 1'000;

  Forgetter(Database& db, Transactor& transactor) : db_(db), transactor_(transactor) {}
  [[nodiscard]] Result<void> prepare();
  // True = there may be more.
  [[nodiscard]] Result<bool> forget(Timestamp now);

 private:
  struct Ending {
    std::int64_t at = 0;
    AuctionId auction;
  };
  static constexpr int max_endings = 100;

  [[nodiscard]] Result<std::vector<Ending>> endings_before(Timestamp moment);
  // Deletes an ended auction's answers and, when none is left, its ending. `budget` falls by what was deleted.
  [[nodiscard]] Result<void> forget_auction(const Ending& ending, int& budget);
  [[nodiscard]] Result<void> forget_create(AuctionId auction);
  // Deletes at most `budget` rows.
  [[nodiscard]] Result<void> run(Statement& statement, int& budget);

  Database& db_;
  Transactor& transactor_;
  Statement delete_expired_;
  Statement read_endings_;
  Statement delete_scope_;
  Statement read_created_;
  Statement delete_key_;
  Statement delete_ending_;
};

}  // namespace flashbid::sqlite
