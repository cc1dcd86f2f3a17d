// The port to a house's own accounts, for one without an identity provider: who registers and logs in, with what. Any
// thread may call; it never blocks and never tells why a log-in failed beyond that it did. No answer holds a password.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "access/identity.hpp"
#include "access/ip_address.hpp"
#include "base/executor.hpp"
#include "base/time.hpp"

namespace flashbid::access {

// `iss` of the tokens that accounts are given.
inline constexpr std::string_view accounts_issuer = "flashbid";

inline constexpr std::size_t most_password_bytes = 256;
inline constexpr std::size_t most_refresh_token_bytes = 64;  // ours have 43

struct Credentials {
  std::string name;
  std::string password;
};

// Who asks: the loop that `done` is called on, and the client's address.
struct AccountCaller {
  Executor* loop = nullptr;
  IpAddress address;
};

struct NewSession {
  std::string access_token;
  Duration lifetime;  // of the access token, from now on
  std::string refresh_token;
};

struct NewAccount {
  BidderId name;
  Role role = Role::bidder;
};

enum class AccountFault : std::uint8_t {
  invalid,          // a name or password that cannot be
  exists,           // the name is taken, in whatever case
  closed,           // this house makes accounts itself
  unauthenticated,  // unknown, wrong, disabled, expired: nobody learns which
  throttled,
  unavailable,  // surely not done; later it may be
  internal,
};
struct AccountRefusal {
  AccountFault fault = AccountFault::internal;
  std::string detail;  // one sentence for people
  std::int64_t retry_after_s = 1;
};
template <class T>
using AccountResult = std::expected<T, AccountRefusal>;

class Accounts {
 public:
  template <class T>
  using Done = std::move_only_function<void(AccountResult<T>)>;

  virtual ~Accounts() = default;

  // All: `done` is called on the caller's loop, exactly once, later. What it answers is on the disk.
  virtual void sign_up(Credentials credentials, const AccountCaller& caller, Done<NewAccount> done) = 0;
  virtual void log_in(Credentials credentials, const AccountCaller& caller, Done<NewSession> done) = 0;
  // The token is used up by this; the new one takes its place.
  virtual void refresh(std::string refresh_token, const AccountCaller& caller, Done<NewSession> done) = 0;
  // Ends the session that the token belongs to. One that is not known has ended already.
  virtual void log_out(std::string refresh_token, const AccountCaller& caller, Done<void> done) = 0;
  // Ends every session of the account.
  virtual void change_password(Credentials credentials, std::string new_password, const AccountCaller& caller,
                               Done<void> done) = 0;
};

}  // namespace flashbid::access
