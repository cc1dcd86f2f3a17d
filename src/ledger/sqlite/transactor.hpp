// One transaction at a time on the writing connection, and what its failure means. Belongs to the writer's thread.
//
//   before COMMIT        nothing was written: rolled back. No space, no memory, held by another: unavailable, may go
//   on. COMMIT, no space     SQLite stopped before its sync and undid it: rolled back, unavailable. COMMIT, else the
//   sync or what comes after it failed: the rows may be there. outcome_unknown, for ever. damage               corrupt,
//   for ever.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

class Transactor {
 public:
  explicit Transactor(Database& db) : db_(db) {}
  [[nodiscard]] Result<void> prepare();

  // Runs `body` (returns Result<void>) in one transaction that is durable on return. `doing` says what, for errors.
  template <class Body>
  [[nodiscard]] Result<void> run(std::string_view doing, Body&& body) {
    if (failed_) return std::unexpected(*failed_);
    if (begin_.run() != SQLITE_OK) return undo(before_commit(doing));
    if (const Result<void> done = body(); !done) return undo(done.error());
    if (commit_.run() != SQLITE_OK) return undo(at_commit(doing));
    return {};
  }

  // The last error of the connection, met inside `body`.
  [[nodiscard]] Error before_commit(std::string_view doing) const;
  // Nothing may be written any more.
  std::unexpected<Error> stop(Error error);
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  [[nodiscard]] Error at_commit(std::string_view doing) const;
  std::unexpected<Error> undo(Error error);

  Database& db_;
  Statement begin_;
  Statement commit_;
  Statement rollback_;
  std::optional<Error> failed_;  // sticky
};

}  // namespace flashbid::sqlite
