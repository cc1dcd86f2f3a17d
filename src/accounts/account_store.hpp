// The accounts and sessions of a house: folder/accounts.db, SQLite. Belongs to one thread at a time; other processes
// may read and write beside it (`flashbid accounts`), so nothing is remembered here. What a call has answered is on the
// disk.
//
// A rollback journal, not a WAL: in the SQLite of bookworm a WAL can be damaged when two connections write
// (docs/decisions/0003), and two do here. A log-in's hash takes longer than its commit.
//
// A session is a family of refresh tokens, of which one is good at a time: each use replaces it. One that was replaced
// comes again either because the answer was lost, which is forgiven for a moment, or because two have it: then the
// whole family ends.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "sqlite/database.hpp"

namespace flashbid::accounts {

inline constexpr Duration refresh_token_lifetime{std::int64_t{30} * 86'400'000};
// For so long after a token was replaced it is taken once more: its answer may have been lost.
inline constexpr Duration refresh_grace{30'000};
// Of one account; the one that was used longest ago ends.
inline constexpr int most_sessions = 32;

struct Account {
  std::int64_t id = 0;
  BidderId name;
  std::string password;  // its hash
  access::Role role = access::Role::bidder;
  Timestamp created;
  bool disabled = false;
};

// What came of a refresh token.
struct Rotation {
  enum class Outcome : std::uint8_t { unknown, reused, replaced };
  Outcome outcome = Outcome::unknown;
  Account account;    // of all but `unknown`
  std::string token;  // of `replaced`: the new one
};

class AccountStore {
 public:
  // Makes folder and file if they are missing; the file is its owner's alone. Failure::invalid if it cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<AccountStore>> open(const std::filesystem::path& folder);

  // All: Failure::unavailable if nothing was done and later may be (another process writes, the disk is full).

  // By name, in whatever case.
  [[nodiscard]] Result<std::optional<Account>> find(std::string_view name);
  // In the order of their names.
  [[nodiscard]] Result<std::vector<Account>> list();
  // Failure::conflict if the name is taken, in whatever case.
  [[nodiscard]] Result<void> add(const BidderId& name, std::string_view password_hash, access::Role role,
                                 Timestamp now);
  // Failure::not_found without such an account.
  [[nodiscard]] Result<void> set_role(std::string_view name, access::Role role);
  // These end the account's sessions.
  [[nodiscard]] Result<void> set_disabled(std::string_view name, bool disabled);
  [[nodiscard]] Result<void> set_password(std::string_view name, std::string_view password_hash);

  // The same for one that was found and whose password was right: false if it is no longer as it was.
  enum class Sessions : std::uint8_t { stay, end };
  [[nodiscard]] Result<bool> replace_password(const Account& account, std::string_view password_hash,
                                              Sessions sessions);
  // The first refresh token of a new session; nothing if the account is no longer as it was found.
  [[nodiscard]] Result<std::optional<std::string>> start_session(const Account& account, Timestamp now);
  [[nodiscard]] Result<Rotation> rotate(std::string_view token, Timestamp now);
  [[nodiscard]] Result<void> end_session(std::string_view token);

 private:
  explicit AccountStore(sqlite::Database database) : database_(std::move(database)) {}
  [[nodiscard]] Result<void> prepare();
  // Runs `work` as one transaction, which is undone if that fails.
  template <class T>
  [[nodiscard]] Result<T> transact(const std::function<Result<T>()>& work);
  [[nodiscard]] Result<void> run(sqlite::Statement& statement, std::string_view doing);
  [[nodiscard]] Result<bool> is_as_found(const Account& account);
  [[nodiscard]] Result<Account> must_find(std::string_view name);
  [[nodiscard]] Result<std::string> add_token(const Account& account, std::int64_t family, Timestamp now);
  [[nodiscard]] Result<Rotation> rotate_one(const std::string& digest, Timestamp now);
  [[nodiscard]] Result<void> end_family(std::int64_t family);
  [[nodiscard]] Result<void> end_sessions(std::int64_t account);

  sqlite::Database database_;
  sqlite::Statement find_, list_, add_, set_role_, set_disabled_, set_password_;
  sqlite::Statement add_token_, find_token_, retire_, end_family_, end_sessions_, forget_expired_, forget_oldest_;
};

}  // namespace flashbid::accounts
