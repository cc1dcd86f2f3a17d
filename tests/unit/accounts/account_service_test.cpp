#include "accounts/account_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <semaphore>

#include "access/jwt.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_loop.hpp"

namespace flashbid::accounts {
namespace {

using access::AccountFault;
using access::AccountResult;
using access::Credentials;
using access::NewAccount;
using access::NewSession;
using access::Role;

constexpr Timestamp start{1'800'000'000'000};
const std::string secret(64, 'a');

class AccountServiceTest : public ::testing::Test {
 protected:
  AccountServiceTest() { open(); }

  // What a test sets in options_ holds from here on.
  void open() {
    service_.reset();
    options_.folder = folder_.path();
    options_.secret = secret;
    options_.key_id = "own";
    options_.clock = &clock_;
    auto opened = AccountService::open(options_);
    ASSERT_TRUE(opened) << opened.error().detail;
    service_ = std::move(*opened);
  }

  template <class T, class Call>
  AccountResult<T> told(Call call) {
    std::promise<AccountResult<T>> promise;
    auto future = promise.get_future();
    call([this, &promise](AccountResult<T> result) {
      EXPECT_TRUE(loop_.here());
      promise.set_value(std::move(result));
    });
    return future.get();
  }
  access::AccountCaller caller() { return {&loop_, address_}; }
  AccountResult<NewAccount> sign_up(const std::string& name, const std::string& password) {
    return told<NewAccount>([&](auto done) { service_->sign_up({name, password}, caller(), std::move(done)); });
  }
  AccountResult<NewSession> log_in(const std::string& name, const std::string& password) {
    return told<NewSession>([&](auto done) { service_->log_in({name, password}, caller(), std::move(done)); });
  }
  AccountResult<NewSession> refresh(const std::string& token) {
    return told<NewSession>([&](auto done) { service_->refresh(token, caller(), std::move(done)); });
  }
  AccountResult<void> log_out(const std::string& token) {
    return told<void>([&](auto done) { service_->log_out(token, caller(), std::move(done)); });
  }
  AccountResult<void> change_password(const std::string& name, const std::string& old, const std::string& next) {
    return told<void>([&](auto done) { service_->change_password({name, old}, next, caller(), std::move(done)); });
  }
  template <class T>
  static AccountFault fault_of(const AccountResult<T>& result) {
    EXPECT_FALSE(result);
    return result ? AccountFault::internal : result.error().fault;
  }
  template <class T>
  static std::string detail_of(const AccountResult<T>& result) {
    return result ? "it was done" : result.error().detail;
  }
  std::expected<access::Identity, access::TokenFault> identity(const std::string& token) {
    const auto keys = access::KeySet::of_own_key({secret, "own", "flashbid"}).value();
    return access::verify(token, keys, {}, clock_.now());
  }

  flashbid::testing::TemporaryFolder folder_;
  test::ManualClock clock_{start};
  std::atomic<std::int64_t> limit_us_{0};
  IpAddress address_ = *IpAddress::parse("192.0.2.1");
  AccountServiceOptions options_{.cost = {.memory_kib = 64, .passes = 1},
                                 .limits = {.name = {}, .address = {}, .session = {}},
                                 .limit_clock = [this] { return limit_us_.load(); }};
  test::ThreadLoop loop_;
  std::unique_ptr<AccountService> service_;
};

TEST_F(AccountServiceTest, WhoSignedUpLogsInAndIsWhoTheTokenSays) {
  const auto made = sign_up("Alice", "correct horse");
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->name.view(), "Alice");
  EXPECT_EQ(made->role, Role::bidder);
  const auto session = log_in("aLICE", "correct horse");
  ASSERT_TRUE(session) << session.error().detail;
  EXPECT_EQ(session->lifetime, Duration{900'000});
  const auto who = identity(session->access_token);
  ASSERT_TRUE(who) << access::describe(who.error());
  EXPECT_EQ(who->subject.view(), "Alice") << "spelled as it was registered";
  EXPECT_EQ(who->role, Role::bidder);
  EXPECT_EQ(who->expires, start + Duration{900'000});
}

TEST_F(AccountServiceTest, NothingIsSignedUpThatCannotBe) {
  EXPECT_EQ(fault_of(sign_up("", "correct horse")), AccountFault::invalid);
  EXPECT_EQ(fault_of(sign_up("a b", "correct horse")), AccountFault::invalid);
  EXPECT_EQ(fault_of(sign_up(std::string(65, 'a'), "correct horse")), AccountFault::invalid);
  EXPECT_EQ(fault_of(sign_up("alice", "short")), AccountFault::invalid);
  EXPECT_EQ(fault_of(sign_up("alice.smith", "Alice.Smith")), AccountFault::invalid);
  EXPECT_EQ(service_->counts().hashes, 0U);
  EXPECT_EQ(service_->counts().sign_ups, 0U);
}

TEST_F(AccountServiceTest, ATakenNameIsRefusedInEveryCaseAndWithoutAHash) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto before = service_->counts().hashes;
  EXPECT_EQ(fault_of(sign_up("ALICE", "another horse")), AccountFault::exists);
  EXPECT_EQ(service_->counts().hashes, before);
  EXPECT_TRUE(log_in("alice", "correct horse"));
}

TEST_F(AccountServiceTest, OfTwoThatSignUpAtOnceOneDoes) {
  std::promise<AccountResult<NewAccount>> first, second;
  service_->sign_up({"alice", "correct horse"}, caller(), [&](auto result) { first.set_value(std::move(result)); });
  service_->sign_up({"Alice", "another horse"}, caller(), [&](auto result) { second.set_value(std::move(result)); });
  const auto a = first.get_future().get();
  const auto b = second.get_future().get();
  ASSERT_NE(a.has_value(), b.has_value());
  EXPECT_EQ((a ? b : a).error().fault, AccountFault::exists);
}

TEST_F(AccountServiceTest, AHouseMayMakeItsAccountsItself) {
  options_.anybody_signs_up = false;
  open();
  EXPECT_EQ(fault_of(sign_up("alice", "correct horse")), AccountFault::closed);
}

// Who measures learns nothing: as many hashes for a name that nobody has, and one sentence for all.
TEST_F(AccountServiceTest, AnUnknownNameCostsWhatAWrongPasswordCosts) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto hashes_for = [&](const std::string& name) {
    const auto before = service_->counts().hashes;
    const auto refused = log_in(name, "wrong horse");
    EXPECT_EQ(fault_of(refused), AccountFault::unauthenticated);
    EXPECT_EQ(detail_of(refused), "the name or the password is wrong");
    return service_->counts().hashes - before;
  };
  EXPECT_EQ(hashes_for("alice"), 1U);
  EXPECT_EQ(hashes_for("nobody"), 1U);
  EXPECT_EQ(hashes_for("no name at all"), 1U);
  EXPECT_EQ(service_->counts().wrong_log_ins, 3U);
}

TEST_F(AccountServiceTest, ADisabledAccountIsRefusedLikeAWrongPassword) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  ASSERT_TRUE(AccountStore::open(folder_.path()).value()->set_disabled("alice", true));
  const auto before = service_->counts().hashes;
  const auto refused = log_in("alice", "correct horse");
  EXPECT_EQ(fault_of(refused), AccountFault::unauthenticated);
  EXPECT_EQ(detail_of(refused), "the name or the password is wrong");
  EXPECT_EQ(service_->counts().hashes - before, 1U);
}

TEST_F(AccountServiceTest, ARefreshReplacesTheToken) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto first = log_in("alice", "correct horse");
  clock_.advance(access_token_lifetime);
  const auto second = refresh(first->refresh_token);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_NE(second->refresh_token, first->refresh_token);
  EXPECT_EQ(identity(second->access_token)->expires, start + Duration{1'800'000});
  EXPECT_EQ(fault_of(refresh("nonsense")), AccountFault::unauthenticated);
}

TEST_F(AccountServiceTest, ATokenThatIsUsedTwiceEndsTheSessionAndIsTold) {
  std::vector<std::string> warnings;
  options_.warn = [&](const std::string& line) { warnings.push_back(line); };
  open();
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto first = log_in("alice", "correct horse");
  const auto second = refresh(first->refresh_token);
  clock_.advance(refresh_grace);
  const auto reused = refresh(first->refresh_token);
  EXPECT_EQ(fault_of(reused), AccountFault::unauthenticated);
  EXPECT_EQ(detail_of(reused), detail_of(refresh("nonsense"))) << "the thief learns nothing";
  EXPECT_EQ(fault_of(refresh(second->refresh_token)), AccountFault::unauthenticated);
  EXPECT_EQ(service_->counts().reused_tokens, 1U);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], ::testing::HasSubstr("alice"));
  EXPECT_THAT(warnings[0], ::testing::Not(::testing::HasSubstr(first->refresh_token)));
}

TEST_F(AccountServiceTest, LoggingOutEndsTheSession) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto session = log_in("alice", "correct horse");
  EXPECT_TRUE(log_out(session->refresh_token));
  EXPECT_EQ(fault_of(refresh(session->refresh_token)), AccountFault::unauthenticated);
  EXPECT_TRUE(log_out(session->refresh_token)) << "it has ended already";
}

TEST_F(AccountServiceTest, ANewPasswordTakesTheOldOnesPlaceAndEndsSessions) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto session = log_in("alice", "correct horse");
  EXPECT_EQ(fault_of(change_password("alice", "wrong horse", "another horse")), AccountFault::unauthenticated);
  EXPECT_EQ(fault_of(change_password("nobody", "correct horse", "another horse")), AccountFault::unauthenticated);
  EXPECT_EQ(fault_of(change_password("alice", "correct horse", "short")), AccountFault::invalid);
  EXPECT_TRUE(refresh(session->refresh_token)) << "nothing has changed yet";
  EXPECT_TRUE(change_password("alice", "correct horse", "another horse"));
  EXPECT_EQ(fault_of(refresh(session->refresh_token)), AccountFault::unauthenticated);
  EXPECT_EQ(fault_of(log_in("alice", "correct horse")), AccountFault::unauthenticated);
  EXPECT_TRUE(log_in("alice", "another horse"));
}

TEST_F(AccountServiceTest, AHashIsMadeAnewOnceItCostsMore) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  options_.cost.passes = 3;
  open();
  ASSERT_TRUE(log_in("alice", "correct horse"));
  const std::string stored = AccountStore::open(folder_.path()).value()->find("alice").value()->password;
  EXPECT_THAT(stored, ::testing::HasSubstr(",t=3,"));
  const auto before = service_->counts().hashes;
  EXPECT_TRUE(log_in("alice", "correct horse"));
  EXPECT_EQ(service_->counts().hashes - before, 1U) << "once is enough";
}

TEST_F(AccountServiceTest, AttemptsAreThrottledByNameWhoeverTries) {
  options_.limits.name = Rate{.limit = 1, .period_us = minute_us, .burst = 2};
  open();
  EXPECT_EQ(fault_of(log_in("alice", "wrong horse")), AccountFault::unauthenticated);
  address_ = *IpAddress::parse("192.0.2.2");
  EXPECT_EQ(fault_of(change_password("ALICE", "wrong horse", "another horse")), AccountFault::unauthenticated);
  const auto before = service_->counts().hashes;
  const auto refused = log_in("Alice", "wrong horse");
  EXPECT_EQ(fault_of(refused), AccountFault::throttled);
  EXPECT_EQ(refused.error().retry_after_s, 60);
  EXPECT_EQ(service_->counts().hashes, before) << "nothing is hashed for it";
  EXPECT_EQ(fault_of(log_in("bob", "wrong horse")), AccountFault::unauthenticated);
  limit_us_ += minute_us;
  EXPECT_EQ(fault_of(log_in("alice", "wrong horse")), AccountFault::unauthenticated);
}

TEST_F(AccountServiceTest, AttemptsAreThrottledByAddressWhateverTheName) {
  options_.limits.address = Rate{.limit = 1, .period_us = minute_us, .burst = 2};
  open();
  EXPECT_TRUE(sign_up("alice", "correct horse"));
  EXPECT_EQ(fault_of(log_in("bob", "wrong horse")), AccountFault::unauthenticated);
  EXPECT_EQ(fault_of(log_in("alice", "correct horse")), AccountFault::throttled);
  EXPECT_EQ(fault_of(sign_up("carol", "correct horse")), AccountFault::throttled);
  address_ = *IpAddress::parse("192.0.2.2");
  EXPECT_TRUE(log_in("alice", "correct horse"));
  EXPECT_EQ(service_->counts().throttled, 2U);
}

TEST_F(AccountServiceTest, RefreshTokensAreThrottledByAddress) {
  options_.limits.session = Rate{.limit = 1, .period_us = minute_us, .burst = 2};
  open();
  EXPECT_EQ(fault_of(refresh("one")), AccountFault::unauthenticated);
  EXPECT_TRUE(log_out("two"));
  EXPECT_EQ(fault_of(refresh("three")), AccountFault::throttled);
  EXPECT_EQ(fault_of(log_out("four")), AccountFault::throttled);
}

// The store's thread stands still, in its warning about a file that has become none, so that calls pile up behind it.
TEST_F(AccountServiceTest, WhatWaitsIsBounded) {
  options_.most_hashing = 3;
  options_.most_waiting = 5;
  std::binary_semaphore standing{0}, go_on{0};
  std::atomic<bool> first{true};
  options_.warn = [&](const std::string&) {
    if (!first.exchange(false)) return;
    standing.release();
    go_on.acquire();
  };
  open();
  {
    auto database = sqlite::Database::open(folder_.path() / "accounts.db", SQLITE_OPEN_READWRITE, {}).value();
    ASSERT_TRUE(database.set("ALTER TABLE sessions RENAME TO gone"));
  }
  std::vector<AccountFault> faults;  // the loop's
  std::counting_semaphore<16> answered{0};
  const auto note = [&](const auto& result) {
    faults.push_back(fault_of(result));
    answered.release();
  };
  service_->refresh("token", caller(), [&](const auto& result) { note(result); });
  standing.acquire();
  for (int i = 0; i < 3; ++i) service_->log_in({"alice", "horse"}, caller(), [&](const auto& result) { note(result); });
  service_->log_in({"alice", "horse"}, caller(), [&](const auto& result) { note(result); });
  answered.acquire();
  EXPECT_EQ(loop_.run_here([&] { return faults; }), std::vector{AccountFault::unavailable}) << "three hash already";
  service_->refresh("token", caller(), [&](const auto& result) { note(result); });
  service_->refresh("token", caller(), [&](const auto& result) { note(result); });
  answered.acquire();
  EXPECT_EQ(loop_.run_here([&] { return faults; }), (std::vector<AccountFault>(2, AccountFault::unavailable)))
      << "five wait already";
  EXPECT_EQ(service_->counts().busy, 2U);
  go_on.release();
  for (int i = 0; i < 5; ++i) answered.acquire();
  EXPECT_EQ(fault_of(log_in("alice", "horse")), AccountFault::unauthenticated) << "their places are free again";
}

TEST_F(AccountServiceTest, AccountsAndSessionsAreKept) {
  ASSERT_TRUE(sign_up("alice", "correct horse"));
  const auto session = log_in("alice", "correct horse");
  open();
  EXPECT_TRUE(refresh(session->refresh_token));
  EXPECT_TRUE(log_in("alice", "correct horse"));
}

TEST_F(AccountServiceTest, StoppingDropsWhatWaits) {
  auto alive = std::make_shared<int>(0);
  for (int i = 0; i < 20; ++i) {
    service_->log_in({"alice", "horse"}, caller(), [alive](const auto&) {});
  }
  service_->stop();
  loop_.stop();
  EXPECT_EQ(alive.use_count(), 1) << "no call is kept";
}

}  // namespace
}  // namespace flashbid::accounts
