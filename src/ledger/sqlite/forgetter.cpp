#include "ledger/sqlite/forgetter.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "ledger/history_step.hpp"
#include "ledger/sqlite/rows.hpp"

namespace flashbid::sqlite {
namespace {

constexpr std::string_view doing = "forgetting old answers";

std::uint64_t number_of(Operation operation) { return static_cast<std::uint64_t>(operation); }

}  // namespace

Result<void> Forgetter::prepare() {
  constexpr const char* delete_answers =
      "DELETE FROM answers WHERE (operation, scope, caller, key) IN "
      "(SELECT operation, scope, caller, key FROM answers WHERE {} LIMIT {})";
  const std::pair<Statement*, std::string> statements[] = {
      {&delete_expired_, fmt::format(fmt::runtime(delete_answers), "expires <= ?1", "?2")},
      {&read_endings_, "SELECT at, auction FROM endings WHERE at <= ?1 ORDER BY at, auction LIMIT ?2"},
      {&delete_scope_, fmt::format(fmt::runtime(delete_answers), "operation = ?1 AND scope = ?2", "?3")},
      {&read_created_, fmt::format("SELECT {} FROM events WHERE auction = ?1 AND sequence = 1", event_columns)},
      {&delete_key_, "DELETE FROM answers WHERE operation = ?1 AND scope = 0 AND caller = ?2 AND key = ?3"},
      {&delete_ending_, "DELETE FROM endings WHERE at = ?1 AND auction = ?2"},
  };
  for (const auto& [statement, sql] : statements) {
    if (const auto prepared = db_.prepare(*statement, sql.c_str()); !prepared) return prepared;
  }
  return {};
}

Result<bool> Forgetter::forget(Timestamp now) {
  int budget = max_answers;
  bool all_endings = true;
  const auto body = [&]() -> Result<void> {
    delete_expired_.bind(1, now.ms).bind(2, std::int64_t{budget});
    if (const auto deleted = run(delete_expired_, budget); !deleted) return deleted;
    const auto endings = endings_before(now - effect_kept);
    if (!endings) return std::unexpected(endings.error());
    all_endings = endings->size() < max_endings;
    for (const Ending& ending : *endings) {
      if (budget <= 0) break;
      if (const auto forgotten = forget_auction(ending, budget); !forgotten) return forgotten;
    }
    return {};
  };
  if (const auto forgotten = transactor_.run(doing, body); !forgotten) return std::unexpected(forgotten.error());
  return budget <= 0 || !all_endings;
}

Result<std::vector<Forgetter::Ending>> Forgetter::endings_before(Timestamp moment) {
  std::vector<Ending> endings;
  const Resetting resetting(read_endings_);
  read_endings_.bind(1, moment.ms).bind(2, std::int64_t{max_endings});
  int code = read_endings_.step();
  for (; code == SQLITE_ROW; code = read_endings_.step()) {
    endings.push_back({read_endings_.integer(0), AuctionId{read_endings_.number(1)}});
  }
  if (code != SQLITE_DONE) return std::unexpected(transactor_.before_commit(doing));
  return endings;
}

Result<void> Forgetter::forget_auction(const Ending& ending, int& budget) {
  for (const auto operation : {Operation::bid, Operation::cancel}) {
    if (budget <= 0) return {};
    delete_scope_.bind(1, number_of(operation)).bind(2, ending.auction.value()).bind(3, std::int64_t{budget});
    if (const auto deleted = run(delete_scope_, budget); !deleted) return deleted;
  }
  if (budget <= 0) return {};
  if (const auto forgotten = forget_create(ending.auction); !forgotten) return forgotten;
  return run(delete_ending_.bind(1, ending.at).bind(2, ending.auction.value()), budget);
}

// The key that made the auction stands in its first event's secret.
Result<void> Forgetter::forget_create(AuctionId auction) {
  const Resetting resetting(read_created_);
  const int code = read_created_.bind(1, auction.value()).step();
  if (code == SQLITE_DONE)
    return fail(Failure::corrupt, fmt::format("event 1 of auction {} is missing", auction.value()));
  if (code != SQLITE_ROW) return std::unexpected(transactor_.before_commit(doing));
  const auto record = read_event(read_created_);
  if (!record) return std::unexpected(record.error());
  const auto secret = decode_secret(record->secret);
  if (!secret) return std::unexpected(secret.error());
  if (!secret->key_use) return {};
  const KeyUse& use = *secret->key_use;
  delete_key_.bind(1, number_of(use.operation)).bind(2, use.caller.view()).bind(3, use.key.view());
  int no_matter = 1;
  return run(delete_key_, no_matter);
}

Result<void> Forgetter::run(Statement& statement, int& budget) {
  if (statement.run() != SQLITE_OK) return std::unexpected(transactor_.before_commit(doing));
  budget -= sqlite3_changes(db_.handle());
  return {};
}

}  // namespace flashbid::sqlite
