#include "ledger/sqlite/transactor.hpp"

#include <fmt/format.h>

#include <utility>

namespace flashbid::sqlite {
namespace {

std::string sentence(std::string_view doing, const Problem& problem) {
  return fmt::format("{}: {} (SQLite {}, errno {})", doing, problem.text, problem.code, problem.system_error);
}

}  // namespace

Result<void> Transactor::prepare() {
  if (const auto prepared = db_.prepare(begin_, "BEGIN IMMEDIATE"); !prepared) return prepared;
  if (const auto prepared = db_.prepare(commit_, "COMMIT"); !prepared) return prepared;
  return db_.prepare(rollback_, "ROLLBACK");
}

Error Transactor::before_commit(std::string_view doing) const {
  const Problem problem = db_.problem();
  const Failure failure = problem.is_passing()      ? Failure::unavailable
                          : problem.is_corruption() ? Failure::corrupt
                                                    : Failure::outcome_unknown;
  return {failure, sentence(doing, problem)};
}

Error Transactor::at_commit(std::string_view doing) const {
  const Problem problem = db_.problem();
  return {problem.is_no_space() ? Failure::unavailable : Failure::outcome_unknown, sentence(doing, problem)};
}

std::unexpected<Error> Transactor::undo(Error error) {
  // SQLite has rolled back by itself after some errors; then there is no transaction to end.
  if (sqlite3_get_autocommit(db_.handle()) == 0 && rollback_.run() != SQLITE_OK &&
      sqlite3_get_autocommit(db_.handle()) == 0) {
    return stop({Failure::outcome_unknown, sentence("cannot roll back", db_.problem())});
  }
  if (error.failure != Failure::unavailable) return stop(std::move(error));
  return std::unexpected(std::move(error));
}

std::unexpected<Error> Transactor::stop(Error error) {
  if (!failed_) failed_ = std::move(error);
  return std::unexpected(*failed_);
}

}  // namespace flashbid::sqlite
