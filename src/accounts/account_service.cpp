#include "accounts/account_service.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <utility>

#include "access/mint.hpp"
#include "accounts/secret.hpp"
#include "base/assert.hpp"

namespace flashbid::accounts {

using access::AccountCaller;
using access::AccountFault;
using access::AccountRefusal;
using access::AccountResult;
using access::Credentials;
using access::NewAccount;
using access::NewSession;

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

std::unexpected<AccountRefusal> refuse(AccountFault fault, std::string detail) {
  return std::unexpected(AccountRefusal{.fault = fault, .detail = std::move(detail)});
}

std::unexpected<AccountRefusal> wrong_credentials() {
  return refuse(AccountFault::unauthenticated, "the name or the password is wrong");
}

std::unexpected<AccountRefusal> no_session() {
  return refuse(AccountFault::unauthenticated, "this refresh token is not valid (any more): log in again");
}

void forget(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace

class AccountService::Place {
 public:
  explicit Place(std::atomic<std::size_t>& taken) : taken_(&taken), before_(taken.fetch_add(1, relaxed)) {}
  Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)), before_(other.before_) {}
  Place& operator=(Place&&) = delete;
  ~Place() { free(); }
  void free() {
    if (taken_ != nullptr) taken_->fetch_sub(1, relaxed);
    taken_ = nullptr;
  }
  // Whether it is one of the first `most`.
  [[nodiscard]] bool is_within(std::size_t most) const { return before_ < most; }

 private:
  std::atomic<std::size_t>* taken_;
  std::size_t before_;  // that were taken when this one was
};

// One call on its way through the threads: who waits for it, and the places that it takes meanwhile.
template <class T>
struct AccountService::Call {
  AccountCaller caller;
  Done<T> done;
  Place waiting;
  std::optional<Place> hashing;

  void answer(AccountResult<T> result) {
    // Who has an answer waits no more.
    waiting.free();
    hashing.reset();
    caller.loop->post([told = std::move(done), result = std::move(result)]() mutable { told(std::move(result)); });
  }
};

Result<std::unique_ptr<AccountService>> AccountService::open(AccountServiceOptions options) {
  require(options.clock != nullptr, "accounts have a clock");
  auto store = AccountStore::open(options.folder);
  if (!store) return std::unexpected(std::move(store.error()));
  auto key = access::SigningKey::of_file_text(options.secret);
  if (!key) return std::unexpected(std::move(key.error()));
  auto dummy = hash_password(random_bytes(16), options.cost);
  if (!dummy) return std::unexpected(std::move(dummy.error()));
  return std::unique_ptr<AccountService>(
      new AccountService(std::move(options), std::move(*store), std::move(*key), std::move(*dummy)));
}

AccountService::AccountService(AccountServiceOptions options, std::unique_ptr<AccountStore> store,
                               access::SigningKey key, std::string dummy)
    : options_(std::move(options)),
      store_(std::move(store)),
      key_(std::move(key)),
      dummy_(std::move(dummy)),
      attempts_(options_.limits, options_.limit_clock),
      store_thread_(1),
      hashers_(options_.hash_threads) {}

void AccountService::stop() {
  hashers_.stop();
  store_thread_.stop();
}

template <class T>
std::shared_ptr<AccountService::Call<T>> AccountService::begin(const AccountCaller& caller, Done<T> done, Costs costs,
                                                               const BidderId& name) {
  auto call = std::make_shared<Call<T>>(caller, std::move(done), Place(waiting_), std::nullopt);
  if (costs == Costs::a_hash) call->hashing.emplace(hashing_);
  const bool fits = call->waiting.is_within(options_.most_waiting) &&
                    (!call->hashing || call->hashing->is_within(options_.most_hashing));
  if (!fits) {
    busy_.fetch_add(1, relaxed);
    call->answer(refuse(AccountFault::unavailable, "too many log in at this moment: try again"));
    return nullptr;
  }
  const auto too_many =
      costs == Costs::a_hash ? attempts_.count(name, caller.address) : attempts_.count_session(caller.address);
  if (too_many) {
    throttled_.fetch_add(1, relaxed);
    call->answer(std::unexpected(AccountRefusal{AccountFault::throttled, too_many->detail, too_many->retry_after_s}));
    return nullptr;
  }
  return call;
}

Result<std::string> AccountService::hash(std::string_view password) {
  hashes_.fetch_add(1, relaxed);
  return hash_password(password, options_.cost);
}

void AccountService::sign_up(Credentials credentials, const AccountCaller& caller, Done<NewAccount> done) {
  const auto call = begin<NewAccount>(caller, std::move(done), Costs::a_hash, {});
  if (!call) return;
  if (!options_.anybody_signs_up) {
    return call->answer(refuse(AccountFault::closed, "accounts are made by the house itself: ask it for one"));
  }
  const auto name = parse_bidder_id(credentials.name);
  if (!name) return call->answer(refuse(AccountFault::invalid, "\"name\": 1-64 of A-Z a-z 0-9 . _ : @ -"));
  if (const auto wrong = wrong_password(credentials.name, credentials.password)) {
    return call->answer(refuse(AccountFault::invalid, "\"password\": " + *wrong));
  }
  store_thread_.post([this, name = *name, password = std::move(credentials.password), call]() mutable {
    // Before the hash, which costs more; add() asks once more.
    const auto taken = store_->find(name.view());
    if (!taken) return call->answer(refusal_of(taken.error()));
    if (*taken) return call->answer(refuse(AccountFault::exists, "this name is taken, perhaps in another case"));
    hashers_.post([this, name, password = std::move(password), call]() mutable {
      auto hashed = hash(password);
      forget(password);
      if (!hashed) return call->answer(refusal_of(hashed.error()));
      store_thread_.post([this, name, hashed = std::move(*hashed), call] {
        const auto added = store_->add(name, hashed, access::Role::bidder, options_.clock->now());
        if (!added) return call->answer(refusal_of(added.error()));
        sign_ups_.fetch_add(1, relaxed);
        call->answer(NewAccount{.name = name, .role = access::Role::bidder});
      });
    });
  });
}

template <class T>
void AccountService::prove(Credentials credentials, std::shared_ptr<Call<T>> call, Proven<T> proven) {
  store_thread_.post(
      [this, credentials = std::move(credentials), call = std::move(call), proven = std::move(proven)]() mutable {
        auto found = store_->find(credentials.name);
        if (!found) return call->answer(refusal_of(found.error()));
        hashers_.post([this, password = std::move(credentials.password), found = std::move(*found),
                       call = std::move(call), proven = std::move(proven)]() mutable {
          hashes_.fetch_add(1, relaxed);
          const auto right = matches(password, found ? found->password : dummy_);
          if (!right) return call->answer(refusal_of(right.error()));
          if (!*right || !found || found->disabled) {
            wrong_log_ins_.fetch_add(1, relaxed);
            return call->answer(wrong_credentials());
          }
          // While the password is at hand, which nothing else keeps.
          std::optional<std::string> stronger;
          if (is_weaker(found->password, options_.cost)) {
            if (auto made = hash(password)) stronger = std::move(*made);
          }
          forget(password);
          proven(std::move(*found), std::move(stronger), std::move(call));
        });
      });
}

void AccountService::log_in(Credentials credentials, const AccountCaller& caller, Done<NewSession> done) {
  const auto name = BidderId::from(credentials.name);
  auto call = begin<NewSession>(caller, std::move(done), Costs::a_hash, name.value_or(BidderId{}));
  if (!call) return;
  prove<NewSession>(std::move(credentials), std::move(call),
                    [this](Account account, std::optional<std::string> stronger, auto proven_call) {
                      store_thread_.post([this, account = std::move(account), stronger = std::move(stronger),
                                          proven_call = std::move(proven_call)]() mutable {
                        start_session(std::move(account), stronger, proven_call);
                      });
                    });
}

void AccountService::start_session(Account account, const std::optional<std::string>& stronger,
                                   const std::shared_ptr<Call<NewSession>>& call) {
  if (stronger) {
    const auto replaced = store_->replace_password(account, *stronger, AccountStore::Sessions::stay);
    if (replaced && *replaced) account.password = *stronger;
  }
  const Timestamp now = options_.clock->now();
  auto token = store_->start_session(account, now);
  if (!token) return call->answer(refusal_of(token.error()));
  if (!*token) return call->answer(wrong_credentials());  // changed or disabled meanwhile
  log_ins_.fetch_add(1, relaxed);
  call->answer(session_of(account, std::move(**token), now));
}

void AccountService::change_password(Credentials credentials, std::string new_password, const AccountCaller& caller,
                                     Done<void> done) {
  const auto name = BidderId::from(credentials.name);
  auto call = begin<void>(caller, std::move(done), Costs::a_hash, name.value_or(BidderId{}));
  if (!call) return;
  if (const auto wrong = wrong_password(credentials.name, new_password)) {
    return call->answer(refuse(AccountFault::invalid, "\"new_password\": " + *wrong));
  }
  prove<void>(std::move(credentials), std::move(call),
              [this, new_password = std::move(new_password)](Account account, const std::optional<std::string>&,
                                                             auto proven_call) mutable {
                auto hashed = hash(new_password);
                forget(new_password);
                if (!hashed) return proven_call->answer(refusal_of(hashed.error()));
                store_thread_.post([this, account = std::move(account), hashed = std::move(*hashed),
                                    proven_call = std::move(proven_call)] {
                  const auto replaced = store_->replace_password(account, hashed, AccountStore::Sessions::end);
                  if (!replaced) return proven_call->answer(refusal_of(replaced.error()));
                  if (!*replaced) return proven_call->answer(wrong_credentials());
                  proven_call->answer({});
                });
              });
}

void AccountService::refresh(std::string refresh_token, const AccountCaller& caller, Done<NewSession> done) {
  const auto call = begin<NewSession>(caller, std::move(done), Costs::no_hash, {});
  if (!call) return;
  store_thread_.post([this, refresh_token = std::move(refresh_token), call] {
    const Timestamp now = options_.clock->now();
    auto rotation = store_->rotate(refresh_token, now);
    if (!rotation) return call->answer(refusal_of(rotation.error()));
    if (rotation->outcome == Rotation::Outcome::reused) {
      reused_.fetch_add(1, relaxed);
      options_.warn(
          fmt::format("a refresh token of {} was used twice: somebody may have a copy, so that session has "
                      "ended",
                      rotation->account.name.view()));
    }
    if (rotation->outcome != Rotation::Outcome::replaced) return call->answer(no_session());
    refreshes_.fetch_add(1, relaxed);
    call->answer(session_of(rotation->account, std::move(rotation->token), now));
  });
}

void AccountService::log_out(std::string refresh_token, const AccountCaller& caller, Done<void> done) {
  const auto call = begin<void>(caller, std::move(done), Costs::no_hash, {});
  if (!call) return;
  store_thread_.post([this, refresh_token = std::move(refresh_token), call] {
    if (const auto ended = store_->end_session(refresh_token); !ended) return call->answer(refusal_of(ended.error()));
    call->answer({});
  });
}

AccountResult<NewSession> AccountService::session_of(const Account& account, std::string refresh_token, Timestamp now) {
  auto token = access::mint(key_, {.subject = account.name,
                                   .role = account.role,
                                   .issued = now,
                                   .expires = now + access_token_lifetime,
                                   .issuer = std::string(access::accounts_issuer),
                                   .audience = std::nullopt,
                                   .key_id = options_.key_id});
  if (!token) return refusal_of(token.error());
  return NewSession{std::move(*token), access_token_lifetime, std::move(refresh_token)};
}

std::unexpected<AccountRefusal> AccountService::refusal_of(const Error& error) {
  if (error.failure == Failure::conflict) return refuse(AccountFault::exists, error.detail);
  options_.warn(fmt::format("accounts: {}", error.detail));
  if (error.failure == Failure::unavailable) {
    return refuse(AccountFault::unavailable, "accounts cannot be read or written at this moment: try again");
  }
  return refuse(AccountFault::internal, "accounts cannot be read or written; the server's log says why");
}

AccountCounts AccountService::counts() const {
  return {.hashes = hashes_.load(relaxed),
          .log_ins = log_ins_.load(relaxed),
          .wrong_log_ins = wrong_log_ins_.load(relaxed),
          .sign_ups = sign_ups_.load(relaxed),
          .refreshes = refreshes_.load(relaxed),
          .reused_tokens = reused_.load(relaxed),
          .throttled = throttled_.load(relaxed),
          .busy = busy_.load(relaxed)};
}

}  // namespace flashbid::accounts
