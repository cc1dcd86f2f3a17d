#include "ledger/sqlite/verify.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "ledger/sqlite/auction_proof.hpp"
#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/proof_rows.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/schema.hpp"

namespace flashbid {
namespace {

using namespace sqlite;

constexpr std::uint64_t events_between_tellings = 10'000;

// What SQLite may keep in memory, for each of its sorts too.
constexpr const char* bounded_cache = "PRAGMA cache_size = -16384";

// A key of the journal, with the scope that it has (key_scope).
constexpr const char* journal_keys = R"sql(
WITH used AS (
  SELECT id, auction, sequence, json_extract(secret, '$.operation') AS operation,
    json_extract(secret, '$.caller') AS caller, json_extract(secret, '$.key') AS key
  FROM journal WHERE json_valid(secret) AND json_type(secret, '$.key') IS NOT NULL),
scoped AS (
  SELECT *, CASE operation WHEN 'bid' THEN 1 WHEN 'create' THEN 2 ELSE 3 END AS number,
    CASE operation WHEN 'create' THEN 0 ELSE auction END AS scope
  FROM used)
)sql";
constexpr const char* used_again_in_journal =
    "SELECT id, auction, caller, key, before FROM (SELECT *, lag(sequence, 1, 0) OVER uses AS is_effect, "
    "lag(id) OVER uses AS before FROM scoped WINDOW uses AS (PARTITION BY number, scope, caller, key ORDER BY id)) "
    "WHERE is_effect > 0 LIMIT 1";
constexpr const char* used_again_after_history =
    "SELECT scoped.id, scoped.auction, scoped.caller, scoped.key, answers.sequence FROM scoped JOIN answers ON "
    "answers.operation = scoped.number AND answers.scope = scoped.scope AND answers.caller = scoped.caller AND "
    "answers.key = scoped.key WHERE answers.sequence > 0 LIMIT 1";

class Verifier {
 public:
  Verifier(Database db, const std::filesystem::path& folder, const VerifyProgress& on_progress)
      : db_(std::move(db)), folder_(folder), on_progress_(on_progress) {}

  // Everything, in the order in which a violation of one would confuse the next.
  [[nodiscard]] Result<Verified> run() {
    for (const auto check :
         {&Verifier::begin, &Verifier::check_log, &Verifier::check_file, &Verifier::check_journal_ids,
          &Verifier::check_auctions, &Verifier::check_meta, &Verifier::check_journal_keys}) {
      if (const auto checked = (this->*check)(); !checked) return std::unexpected(checked.error());
    }
    return verified();
  }

 private:
  Result<void> begin() {
    const auto id = db_.ask_number("PRAGMA application_id");
    if (!id) return std::unexpected(id.error());
    if (*id != application_id) return violation("it is not a FlashBid ledger");
    const auto version = db_.ask_number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version != schema_version) {
      return fail(Failure::invalid, fmt::format("its schema is {}, this FlashBid knows {}", *version, schema_version));
    }
    if (const auto set = db_.set(bounded_cache); !set) return set;
    if (const auto begun = db_.set("BEGIN"); !begun) return begun;
    const auto meta = read_meta(db_);
    if (!meta) return std::unexpected(meta.error());
    meta_ = *meta;
    return count_events();
  }

  // Whoever watches wants to know how far it is, before the first long look.
  Result<void> count_events() {
    if (!on_progress_) return {};
    const auto all = db_.ask_number("SELECT count(*) FROM moved");
    if (!all) return std::unexpected(all.error());
    all_events_ = static_cast<std::uint64_t>(*all);
    on_progress_(0, all_events_);
    return {};
  }

  // Behind damage in the log SQLite sees nothing, so that all that is left could be consistent.
  Result<void> check_log() { return check_whole(db_, folder_); }

  Result<void> check_file() {
    const auto text = db_.ask_text("PRAGMA integrity_check(1)");
    if (!text) return std::unexpected(text.error());
    if (*text != "ok") return violation(fmt::format("SQLite finds its file damaged: {}", *text));
    return {};
  }

  // Without a gap from what has moved.
  Result<void> check_journal_ids() {
    Statement read;
    if (const auto prepared = db_.prepare(read, "SELECT id FROM journal ORDER BY id"); !prepared) return prepared;
    std::int64_t last = meta_.moved_through;
    int code = read.step();
    for (; code == SQLITE_ROW; code = read.step()) {
      if (read.integer(0) != last + 1) {
        return violation(fmt::format("journal row {} follows row {}", read.integer(0), last));
      }
      last = read.integer(0);
    }
    if (code != SQLITE_DONE) return db_.failure("cannot read the journal");
    return {};
  }

  Result<void> check_auctions() {
    const auto first_ending = find_first_ending();
    if (!first_ending) return std::unexpected(first_ending.error());
    ProofRows rows;
    if (const auto opened = rows.open(db_); !opened) return opened;
    std::uint64_t told = 0;
    for (auto id = rows.next_auction(); id; id = rows.next_auction()) {
      if (const auto proved = AuctionProof(*id, meta_, *first_ending, rows, totals_).run(); !proved) return proved;
      if (on_progress_ && totals_.events - told >= events_between_tellings) {
        told = totals_.events;
        on_progress_(told, all_events_);
      }
    }
    return {};
  }

  // Whose keys are forgotten next, or have been in part.
  Result<std::optional<EndingRow>> find_first_ending() {
    Statement read;
    if (const auto prepared = db_.prepare(read, "SELECT at, auction FROM endings ORDER BY at, auction LIMIT 1");
        !prepared) {
      return std::unexpected(prepared.error());
    }
    const int code = read.step();
    if (code == SQLITE_DONE) return std::nullopt;
    if (code != SQLITE_ROW) return db_.failure("cannot read the endings");
    return EndingRow{AuctionId{read.number(1)}, Timestamp{read.integer(0)}};
  }

  // What has moved adds up to what the meta row says.
  Result<void> check_meta() {
    if (totals_.last_auction != meta_.last_auction) {
      return violation(fmt::format("meta: last_auction: history says {}, stored is {}", totals_.last_auction.value(),
                                   meta_.last_auction.value()));
    }
    // Rows that have moved and are no events were rejections; forgotten ones are known by their number only.
    const std::int64_t rejections = meta_.moved_through - static_cast<std::int64_t>(totals_.events);
    const auto remembered = static_cast<std::int64_t>(totals_.rejections);
    if (rejections < remembered) {
      return violation(fmt::format("meta: moved_through: {} events and {} rejections have moved, stored is {}",
                                   totals_.events, remembered, meta_.moved_through));
    }
    const bool none_forgotten = rejections == remembered;
    if (meta_.last_at < totals_.last_at || (none_forgotten && meta_.last_at != totals_.last_at)) {
      return violation(fmt::format("meta: last_at: history says {}, stored is {}", to_text(totals_.last_at),
                                   to_text(meta_.last_at)));
    }
    return {};
  }

  // INV-8: a key that had an effect is not used again.
  Result<void> check_journal_keys() {
    for (const auto& [sql, where] :
         {std::pair{used_again_in_journal, "journal row"}, std::pair{used_again_after_history, "event"}}) {
      Statement read;
      if (const auto prepared = db_.prepare(read, (std::string(journal_keys) + sql).c_str()); !prepared)
        return prepared;
      const int code = read.step();
      if (code == SQLITE_DONE) continue;
      if (code != SQLITE_ROW) return db_.failure("cannot read the journal's keys");
      return violation(fmt::format("key {} of {} in auction {}: journal row {} uses it again, after {} {}",
                                   read.text(3), read.text(2), read.number(1), read.integer(0), where,
                                   read.integer(4)));
    }
    return {};
  }

  [[nodiscard]] Verified verified() const {
    return {totals_.auctions, totals_.events, totals_.unmoved, totals_.effects + totals_.rejections};
  }

  static std::unexpected<Error> violation(std::string why) { return fail(Failure::corrupt, std::move(why)); }

  Database db_;
  const std::filesystem::path& folder_;
  const VerifyProgress& on_progress_;
  MetaRow meta_;
  ProofTotals totals_;
  std::uint64_t all_events_ = 0;
};

}  // namespace

Result<Verified> verify_sqlite_ledger(const std::filesystem::path& folder, const VerifyProgress& on_progress) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(database_file(folder), error)) {
    return fail(Failure::invalid, fmt::format("there is no ledger at {}", database_file(folder).string()));
  }
  auto db = open_for_reading({.folder = folder});
  if (!db) return std::unexpected(std::move(db.error()));
  auto verified = Verifier(std::move(*db), folder, on_progress).run();
  if (!verified)
    verified.error().detail = fmt::format("{}: {}", database_file(folder).string(), verified.error().detail);
  return verified;
}

}  // namespace flashbid
