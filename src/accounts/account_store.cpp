#include "accounts/account_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "accounts/secret.hpp"
#include "base/assert.hpp"

namespace flashbid::accounts {
namespace {

namespace fs = std::filesystem;
using sqlite::Resetting;
using sqlite::Statement;

constexpr std::int64_t schema_version = 1;
// For so long another process may hold the file.
constexpr int patience_ms = 2'000;

// NOCASE folds ASCII, and names are nothing else (base/ids.hpp).
constexpr const char* schema = R"(
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('bidder', 'operator')),
  created_ms INTEGER NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1))
) STRICT;
CREATE TABLE sessions (
  token TEXT PRIMARY KEY,             -- SHA-256 of the refresh token, base64url
  account INTEGER NOT NULL REFERENCES accounts (id),
  family INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  rotated_ms INTEGER                  -- when another took its place; null = it is good
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account, family);
CREATE INDEX sessions_by_family ON sessions (family);
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);
PRAGMA user_version = 1;
)";

// Its owner's alone from the first moment; SQLite's journal beside it takes the same mode.
Result<void> make_file(const fs::path& folder, const fs::path& file) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Failure::invalid, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) {
    return fail(Failure::invalid, fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  }
  ::close(descriptor);
  return {};
}

Result<Account> read_account(Statement& row, int first = 0) {
  Account account;
  account.id = row.integer(first);
  const auto name = parse_bidder_id(row.text(first + 1));
  const auto role = access::parse_role(row.text(first + 3));
  if (!name || !role) return fail(Failure::corrupt, "accounts.db holds an account that cannot be");
  account.name = *name;
  account.password = row.text(first + 2);
  account.role = *role;
  account.created = {row.integer(first + 4)};
  account.disabled = row.integer(first + 5) != 0;
  return account;
}

std::int64_t new_family() {
  std::int64_t family = 0;
  const std::string bytes = random_bytes(sizeof family);
  std::memcpy(&family, bytes.data(), sizeof family);
  return family & INT64_MAX;
}

}  // namespace

Result<std::unique_ptr<AccountStore>> AccountStore::open(const fs::path& folder) {
  const fs::path file = folder / "accounts.db";
  if (auto made = make_file(folder, file); !made) return std::unexpected(std::move(made.error()));
  auto database = sqlite::Database::open(file, SQLITE_OPEN_READWRITE, {});
  if (!database) return std::unexpected(std::move(database.error()));
  sqlite3_busy_timeout(database->handle(), patience_ms);
  std::unique_ptr<AccountStore> made(new AccountStore(std::move(*database)));
  if (auto prepared = made->prepare(); !prepared) {
    return fail(Failure::invalid, fmt::format("{}: {}", file.string(), prepared.error().detail));
  }
  return made;
}

Result<void> AccountStore::prepare() {
  // EXTRA: what was committed stays so if the power goes just after the journal was deleted.
  for (const char* setting : {"PRAGMA journal_mode = DELETE", "PRAGMA synchronous = EXTRA", "PRAGMA foreign_keys = ON",
                              "PRAGMA trusted_schema = OFF", "PRAGMA secure_delete = ON"}) {
    if (auto set = database_.set(setting); !set) return set;
  }
  const auto made = transact<void>([this]() -> Result<void> {
    const auto version = database_.ask_number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version == schema_version) return {};
    if (*version != 0) return fail(Failure::invalid, "it was made by another version of flashbid");
    return database_.set(schema);
  });
  if (!made) return made;
  constexpr const char* account_columns = "id, name, password, role, created_ms, disabled";
  const std::string find = fmt::format("SELECT {} FROM accounts WHERE name = ?1", account_columns);
  const std::string list = fmt::format("SELECT {} FROM accounts ORDER BY name", account_columns);
  const std::pair<Statement*, const char*> all[] = {
      {&find_, find.c_str()},
      {&list_, list.c_str()},
      {&add_, "INSERT INTO accounts (name, password, role, created_ms) VALUES (?1, ?2, ?3, ?4)"},
      {&set_role_, "UPDATE accounts SET role = ?2 WHERE id = ?1"},
      {&set_disabled_, "UPDATE accounts SET disabled = ?2 WHERE id = ?1"},
      {&set_password_, "UPDATE accounts SET password = ?2 WHERE id = ?1"},
      {&add_token_, "INSERT INTO sessions (token, account, family, expires_ms) VALUES (?1, ?2, ?3, ?4)"},
      {&find_token_,
       "SELECT family, expires_ms, rotated_ms, id, name, password, role, created_ms, disabled "
       "FROM sessions JOIN accounts ON id = account WHERE token = ?1"},
      {&retire_, "UPDATE sessions SET rotated_ms = ?2 WHERE family = ?1 AND rotated_ms IS NULL"},
      {&end_family_, "DELETE FROM sessions WHERE family = ?1"},
      {&end_sessions_, "DELETE FROM sessions WHERE account = ?1"},
      {&forget_expired_, "DELETE FROM sessions WHERE expires_ms <= ?1"},
      {&forget_oldest_,
       "DELETE FROM sessions WHERE account = ?1 AND family IN (SELECT family FROM sessions WHERE account = ?1 "
       "GROUP BY family ORDER BY max(expires_ms) DESC, family LIMIT -1 OFFSET ?2)"},
  };
  for (const auto& [statement, sql] : all) {
    if (auto prepared = database_.prepare(*statement, sql); !prepared) return prepared;
  }
  return {};
}

template <class T>
Result<T> AccountStore::transact(const std::function<Result<T>()>& work) {
  if (auto begun = database_.set("BEGIN IMMEDIATE"); !begun) return std::unexpected(std::move(begun.error()));
  Result<T> done = work();
  if (done) {
    if (auto committed = database_.set("COMMIT"); !committed) done = std::unexpected(std::move(committed.error()));
  }
  if (!done) std::ignore = database_.run("ROLLBACK");
  return done;
}

Result<void> AccountStore::run(Statement& statement, std::string_view doing) {
  if (statement.run() != SQLITE_OK) return database_.failure(doing);
  return {};
}

Result<std::optional<Account>> AccountStore::find(std::string_view name) {
  const Resetting resetting(find_);
  const int code = find_.bind(1, name).step();
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) return database_.failure("looking for an account");
  return read_account(find_);
}

Result<Account> AccountStore::must_find(std::string_view name) {
  auto found = find(name);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return fail(Failure::not_found, fmt::format("there is no account {}", name));
  return std::move(**found);
}

Result<std::vector<Account>> AccountStore::list() {
  const Resetting resetting(list_);
  std::vector<Account> all;
  int code = list_.step();
  for (; code == SQLITE_ROW; code = list_.step()) {
    auto account = read_account(list_);
    if (!account) return std::unexpected(std::move(account.error()));
    all.push_back(std::move(*account));
  }
  if (code != SQLITE_DONE) return database_.failure("listing accounts");
  return all;
}

Result<void> AccountStore::add(const BidderId& name, std::string_view password_hash, access::Role role, Timestamp now) {
  return transact<void>([&]() -> Result<void> {
    const auto taken = find(name.view());
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return fail(Failure::conflict, "this name is taken, perhaps in another case: choose another one");
    add_.bind(1, name.view()).bind(2, password_hash).bind(3, access::name_of(role)).bind(4, now.ms);
    return run(add_, "adding an account");
  });
}

Result<void> AccountStore::set_role(std::string_view name, access::Role role) {
  return transact<void>([&]() -> Result<void> {
    const auto account = must_find(name);
    if (!account) return std::unexpected(account.error());
    return run(set_role_.bind(1, account->id).bind(2, access::name_of(role)), "setting a role");
  });
}

Result<void> AccountStore::set_disabled(std::string_view name, bool disabled) {
  return transact<void>([&]() -> Result<void> {
    const auto account = must_find(name);
    if (!account) return std::unexpected(account.error());
    if (auto ended = end_sessions(account->id); !ended) return ended;
    return run(set_disabled_.bind(1, account->id).bind(2, std::int64_t{disabled}), "disabling an account");
  });
}

Result<void> AccountStore::set_password(std::string_view name, std::string_view password_hash) {
  return transact<void>([&]() -> Result<void> {
    const auto account = must_find(name);
    if (!account) return std::unexpected(account.error());
    if (auto ended = end_sessions(account->id); !ended) return ended;
    return run(set_password_.bind(1, account->id).bind(2, password_hash), "setting a password");
  });
}

Result<bool> AccountStore::is_as_found(const Account& account) {
  const auto now = find(account.name.view());
  if (!now) return std::unexpected(now.error());
  return *now && (*now)->id == account.id && !(*now)->disabled && (*now)->password == account.password;
}

Result<bool> AccountStore::replace_password(const Account& account, std::string_view password_hash, Sessions sessions) {
  return transact<bool>([&]() -> Result<bool> {
    auto as_found = is_as_found(account);
    if (!as_found || !*as_found) return as_found;
    if (sessions == Sessions::end) {
      if (auto ended = end_sessions(account.id); !ended) return std::unexpected(std::move(ended.error()));
    }
    auto set = run(set_password_.bind(1, account.id).bind(2, password_hash), "replacing a password");
    if (!set) return std::unexpected(std::move(set.error()));
    return true;
  });
}

Result<std::string> AccountStore::add_token(const Account& account, std::int64_t family, Timestamp now) {
  std::string token = new_refresh_token();
  const std::string digest = digest_of(token);
  add_token_.bind(1, digest).bind(2, account.id).bind(3, family).bind(4, (now + refresh_token_lifetime).ms);
  if (auto added = run(add_token_, "adding a session"); !added) return std::unexpected(std::move(added.error()));
  return token;
}

Result<std::optional<std::string>> AccountStore::start_session(const Account& account, Timestamp now) {
  return transact<std::optional<std::string>>([&]() -> Result<std::optional<std::string>> {
    const auto as_found = is_as_found(account);
    if (!as_found) return std::unexpected(as_found.error());
    if (!*as_found) return std::nullopt;
    if (auto forgotten = run(forget_expired_.bind(1, now.ms), "forgetting sessions"); !forgotten) {
      return std::unexpected(std::move(forgotten.error()));
    }
    auto token = add_token(account, new_family(), now);
    if (!token) return std::unexpected(std::move(token.error()));
    forget_oldest_.bind(1, account.id).bind(2, std::int64_t{most_sessions});
    if (auto forgotten = run(forget_oldest_, "forgetting sessions"); !forgotten) {
      return std::unexpected(std::move(forgotten.error()));
    }
    return std::move(*token);
  });
}

Result<Rotation> AccountStore::rotate(std::string_view token, Timestamp now) {
  const std::string digest = digest_of(token);
  return transact<Rotation>([&] { return rotate_one(digest, now); });
}

Result<Rotation> AccountStore::rotate_one(const std::string& digest, Timestamp now) {
  Rotation rotation;
  std::int64_t family = 0;
  std::optional<Timestamp> rotated;
  {
    const Resetting resetting(find_token_);
    const int code = find_token_.bind(1, std::string_view(digest)).step();
    if (code == SQLITE_DONE) return rotation;
    if (code != SQLITE_ROW) return database_.failure("looking for a session");
    family = find_token_.integer(0);
    if (now >= Timestamp{find_token_.integer(1)}) return rotation;
    if (!find_token_.is_null(2)) rotated = Timestamp{find_token_.integer(2)};
    auto account = read_account(find_token_, 3);
    if (!account) return std::unexpected(std::move(account.error()));
    if (account->disabled) return rotation;
    rotation.account = std::move(*account);
  }
  if (rotated && now >= *rotated + refresh_grace) {
    rotation.outcome = Rotation::Outcome::reused;
    if (auto ended = end_family(family); !ended) return std::unexpected(std::move(ended.error()));
    return rotation;
  }
  // What the answer that was lost would have told is replaced too: one token of a family is good at a time.
  if (auto retired = run(retire_.bind(1, family).bind(2, now.ms), "replacing a session"); !retired) {
    return std::unexpected(std::move(retired.error()));
  }
  auto token = add_token(rotation.account, family, now);
  if (!token) return std::unexpected(std::move(token.error()));
  rotation.outcome = Rotation::Outcome::replaced;
  rotation.token = std::move(*token);
  return rotation;
}

Result<void> AccountStore::end_session(std::string_view token) {
  const std::string digest = digest_of(token);
  return transact<void>([&]() -> Result<void> {
    std::int64_t family = 0;
    {
      const Resetting resetting(find_token_);
      const int code = find_token_.bind(1, std::string_view(digest)).step();
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return database_.failure("looking for a session");
      family = find_token_.integer(0);
    }
    return end_family(family);
  });
}

Result<void> AccountStore::end_family(std::int64_t family) {
  return run(end_family_.bind(1, family), "ending a session");
}

Result<void> AccountStore::end_sessions(std::int64_t account) {
  return run(end_sessions_.bind(1, account), "ending sessions");
}

}  // namespace flashbid::accounts
