// A house's own accounts: registers, logs in, and mints the tokens that say so. Owns the file of accounts
// (account_store.hpp), the one thread that works on it, and the threads that hash passwords.
//
// Any thread may call. What waits is bounded: beyond that a call is refused at once, before anything was done. A log-in
// with a name that nobody has hashes as much as one with a wrong password.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "access/accounts.hpp"
#include "access/signing_key.hpp"
#include "accounts/account_store.hpp"
#include "accounts/attempts.hpp"
#include "accounts/password.hpp"
#include "accounts/work_threads.hpp"

namespace flashbid::accounts {

inline constexpr Duration access_token_lifetime{15 * 60'000};

struct AccountServiceOptions {
  std::filesystem::path folder;
  std::string secret;            // account_key.hpp
  std::string key_id;            // `kid` of the tokens
  Clock* clock = nullptr;        // outlives it
  bool anybody_signs_up = true;  // else only the command line makes accounts
  HashCost cost;
  unsigned hash_threads = 1;
  std::size_t most_hashing = 64;   // calls that hash and have no answer yet
  std::size_t most_waiting = 512;  // calls in all that have none
  AttemptLimits limits;
  MicrosecondClock limit_clock = steady_us;
  // Told what an operator should know, in one sentence; from the service's own threads.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

// Since the start; any thread.
struct AccountCounts {
  std::uint64_t hashes = 0;  // computed, whatever for
  std::uint64_t log_ins = 0, wrong_log_ins = 0, sign_ups = 0, refreshes = 0, reused_tokens = 0;
  std::uint64_t throttled = 0, busy = 0;
};

class AccountService final : public access::Accounts {
 public:
  [[nodiscard]] static Result<std::unique_ptr<AccountService>> open(AccountServiceOptions options);
  ~AccountService() override { stop(); }
  // Drops what waits: once the loops have ended, for nobody hears it any more.
  void stop();

  void sign_up(access::Credentials credentials, const access::AccountCaller& caller,
               Done<access::NewAccount> done) override;
  void log_in(access::Credentials credentials, const access::AccountCaller& caller,
              Done<access::NewSession> done) override;
  void refresh(std::string refresh_token, const access::AccountCaller& caller, Done<access::NewSession> done) override;
  void log_out(std::string refresh_token, const access::AccountCaller& caller, Done<void> done) override;
  void change_password(access::Credentials credentials, std::string new_password, const access::AccountCaller& caller,
                       Done<void> done) override;

  [[nodiscard]] AccountCounts counts() const;

 private:
  // One call's place among those that wait; free again when this is gone.
  class Place;
  template <class T>
  struct Call;
  // Credentials looked up and compared and found right: their account, and its hash made anew if that was weak.
  template <class T>
  using Proven = std::move_only_function<void(Account, std::optional<std::string> stronger, std::shared_ptr<Call<T>>)>;

  AccountService(AccountServiceOptions options, std::unique_ptr<AccountStore> store, access::SigningKey key,
                 std::string dummy);

  enum class Costs : std::uint8_t { a_hash, no_hash };
  // The call, or nothing once it was refused.
  template <class T>
  [[nodiscard]] std::shared_ptr<Call<T>> begin(const access::AccountCaller& caller, Done<T> done, Costs costs,
                                               const BidderId& name);
  // On the hash threads: goes on with `proven`, or answers.
  template <class T>
  void prove(access::Credentials credentials, std::shared_ptr<Call<T>> call, Proven<T> proven);
  [[nodiscard]] Result<std::string> hash(std::string_view password);
  // On the store's thread.
  void start_session(Account account, const std::optional<std::string>& stronger,
                     const std::shared_ptr<Call<access::NewSession>>& call);
  [[nodiscard]] access::AccountResult<access::NewSession> session_of(const Account& account, std::string refresh_token,
                                                                     Timestamp now);
  [[nodiscard]] std::unexpected<access::AccountRefusal> refusal_of(const Error& error);

  const AccountServiceOptions options_;
  const std::unique_ptr<AccountStore> store_;  // of store_thread_, once that runs
  const access::SigningKey key_;
  const std::string dummy_;  // compared with where there is no account
  Attempts attempts_;
  std::atomic<std::size_t> hashing_{0}, waiting_{0};
  std::atomic<std::uint64_t> hashes_{0}, log_ins_{0}, wrong_log_ins_{0}, sign_ups_{0}, refreshes_{0}, reused_{0},
      throttled_{0}, busy_{0};
  WorkThreads store_thread_;
  WorkThreads hashers_;
};

}  // namespace flashbid::accounts
