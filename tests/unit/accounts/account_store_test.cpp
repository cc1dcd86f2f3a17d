#include "accounts/account_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "support/temporary_folder.hpp"

namespace flashbid::accounts {
namespace {

using access::Role;
using Outcome = Rotation::Outcome;

constexpr Timestamp start{1'800'000'000'000};

class AccountStoreTest : public ::testing::Test {
 protected:
  Account added(std::string_view name, std::string_view hash = "hash") {
    const auto done = store().add(*parse_bidder_id(name), hash, Role::bidder, start);
    EXPECT_TRUE(done) << done.error().detail;
    return store().find(name).value().value();
  }
  std::string session(const Account& account, Timestamp now = start) {
    return store().start_session(account, now).value().value();
  }
  Outcome outcome(const std::string& token, Timestamp now) { return store().rotate(token, now).value().outcome; }
  std::string rotated(const std::string& token, Timestamp now) {
    const auto rotation = store().rotate(token, now);
    EXPECT_EQ(rotation.value().outcome, Outcome::replaced);
    return rotation->token;
  }
  AccountStore& store() { return *store_; }

  flashbid::testing::TemporaryFolder folder_;
  std::unique_ptr<AccountStore> store_ = AccountStore::open(folder_.path()).value();
};

TEST_F(AccountStoreTest, TheFileIsItsOwnersAlone) {
  struct stat found{};
  ASSERT_EQ(::stat((folder_.path() / "accounts.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(AccountStoreTest, FindsByNameInWhateverCase) {
  const Account alice = added("Alice");
  EXPECT_EQ(alice.name.view(), "Alice");
  EXPECT_EQ(alice.password, "hash");
  EXPECT_EQ(alice.role, Role::bidder);
  EXPECT_EQ(alice.created, start);
  EXPECT_FALSE(alice.disabled);
  EXPECT_EQ(store().find("aLICE").value()->id, alice.id);
  EXPECT_EQ(store().find("alice ").value(), std::nullopt);
  EXPECT_EQ(store().find("").value(), std::nullopt);
}

TEST_F(AccountStoreTest, ANameIsTakenInEveryCase) {
  added("Alice");
  const auto again = store().add(*parse_bidder_id("aLiCe"), "other", Role::operator_, start);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().failure, Failure::conflict);
  EXPECT_EQ(store().list()->size(), 1U);
  EXPECT_EQ(store().find("alice").value()->role, Role::bidder);
}

TEST_F(AccountStoreTest, IsKept) {
  const std::string token = session(added("alice"));
  store_.reset();
  store_ = AccountStore::open(folder_.path()).value();
  EXPECT_TRUE(store().find("alice").value());
  EXPECT_EQ(outcome(token, start), Outcome::replaced);
}

TEST_F(AccountStoreTest, ASecretIsNotInTheFile) {
  const std::string token = session(added("alice"));
  std::ifstream file(folder_.path() / "accounts.db", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(bytes.find("alice"), std::string::npos);
  EXPECT_EQ(bytes.find(token), std::string::npos);
}

TEST_F(AccountStoreTest, ATokenIsReplacedByEachUse) {
  const Account alice = added("alice");
  const std::string first = session(alice);
  const auto rotation = store().rotate(first, start).value();
  EXPECT_EQ(rotation.outcome, Outcome::replaced);
  EXPECT_EQ(rotation.account.id, alice.id);
  EXPECT_NE(rotation.token, first);
  EXPECT_EQ(outcome(rotation.token, start + Duration{900'000}), Outcome::replaced);
}

TEST_F(AccountStoreTest, AReplacedTokenThatComesAgainEndsItsFamily) {
  const Account alice = added("alice");
  const std::string first = session(alice), elsewhere = session(alice);
  const std::string second = rotated(first, start);
  EXPECT_EQ(outcome(first, start + refresh_grace), Outcome::reused);
  EXPECT_EQ(outcome(second, start + refresh_grace), Outcome::unknown) << "its family has ended";
  EXPECT_EQ(outcome(first, start + refresh_grace), Outcome::unknown);
  EXPECT_EQ(outcome(elsewhere, start + refresh_grace), Outcome::replaced) << "another session goes on";
}

// The answer was lost: the client asks again with what it has.
TEST_F(AccountStoreTest, AReplacedTokenIsTakenOnceMoreForAMoment) {
  const std::string first = session(added("alice"));
  const std::string lost = rotated(first, start);
  const Timestamp later = start + refresh_grace - Duration{1};
  const std::string second = rotated(first, later);
  EXPECT_NE(second, lost);
  // Whoever did get the lost answer is a second holder.
  EXPECT_EQ(outcome(lost, later + refresh_grace), Outcome::reused);
  EXPECT_EQ(outcome(second, later + refresh_grace), Outcome::unknown);
}

TEST_F(AccountStoreTest, TheGraceIsCountedFromTheFirstUse) {
  const std::string first = session(added("alice"));
  rotated(first, start);
  rotated(first, start + refresh_grace - Duration{1});
  EXPECT_EQ(outcome(first, start + refresh_grace), Outcome::reused);
}

TEST_F(AccountStoreTest, ATokenLastsThirtyDays) {
  const Account alice = added("alice");
  const std::string token = session(alice);
  const Timestamp end = start + refresh_token_lifetime;
  EXPECT_EQ(outcome(token, end), Outcome::unknown);
  const std::string next = rotated(token, end - Duration{1});
  EXPECT_EQ(outcome(next, end + Duration{1'000}), Outcome::replaced) << "each use lengthens it";
}

TEST_F(AccountStoreTest, UnknownTokensAreUnknown) {
  session(added("alice"));
  for (const char* text : {"", "x", "\xff", "' OR 1=1 --"}) EXPECT_EQ(outcome(text, start), Outcome::unknown) << text;
}

TEST_F(AccountStoreTest, EndingASessionEndsItsFamilyAlone) {
  const Account alice = added("alice");
  const std::string first = session(alice), elsewhere = session(alice);
  const std::string second = rotated(first, start);
  ASSERT_TRUE(store().end_session(first)) << "any token of it will do";
  EXPECT_EQ(outcome(second, start), Outcome::unknown);
  EXPECT_EQ(outcome(elsewhere, start), Outcome::replaced);
  EXPECT_TRUE(store().end_session(first)) << "it has ended already";
}

TEST_F(AccountStoreTest, APasswordThatIsReplacedEndsAllSessionsIfAsked) {
  const Account alice = added("alice"), bob = added("bob");
  const std::string here = session(alice), of_bob = session(bob);
  ASSERT_TRUE(store().replace_password(alice, "stronger", AccountStore::Sessions::stay).value());
  const Account now = store().find("alice").value().value();
  EXPECT_EQ(now.password, "stronger");
  const std::string still = rotated(here, start);
  ASSERT_TRUE(store().replace_password(now, "new", AccountStore::Sessions::end).value());
  EXPECT_EQ(outcome(still, start), Outcome::unknown);
  EXPECT_EQ(outcome(of_bob, start), Outcome::replaced);
}

// Between the look at an account and what follows lies a hash's time.
TEST_F(AccountStoreTest, WhatWasFoundMayHaveChangedMeanwhile) {
  const Account alice = added("alice");
  ASSERT_TRUE(store().set_password("ALICE", "new"));
  EXPECT_EQ(store().start_session(alice, start).value(), std::nullopt);
  EXPECT_FALSE(store().replace_password(alice, "old one's", AccountStore::Sessions::end).value());
  EXPECT_EQ(store().find("alice").value()->password, "new");
  const Account now = store().find("alice").value().value();
  ASSERT_TRUE(store().set_disabled("alice", true));
  EXPECT_EQ(store().start_session(now, start).value(), std::nullopt);
}

TEST_F(AccountStoreTest, DisablingEndsSessionsAndEnablingBringsNoneBack) {
  const std::string token = session(added("alice"));
  ASSERT_TRUE(store().set_disabled("Alice", true));
  EXPECT_TRUE(store().find("alice").value()->disabled);
  EXPECT_EQ(outcome(token, start), Outcome::unknown);
  ASSERT_TRUE(store().set_disabled("alice", false));
  EXPECT_EQ(outcome(token, start), Outcome::unknown);
  session(store().find("alice").value().value());
}

TEST_F(AccountStoreTest, APasswordThatTheHouseSetsEndsSessions) {
  const std::string token = session(added("alice"));
  ASSERT_TRUE(store().set_password("Alice", "new"));
  EXPECT_EQ(outcome(token, start), Outcome::unknown);
}

TEST_F(AccountStoreTest, ARoleCountsFromTheNextRefreshOn) {
  const std::string token = session(added("alice"));
  ASSERT_TRUE(store().set_role("alice", Role::operator_));
  EXPECT_EQ(store().rotate(token, start).value().account.role, Role::operator_);
}

TEST_F(AccountStoreTest, NobodyIsChangedWhoIsNotThere) {
  for (const auto& changed : {store().set_role("bob", Role::operator_), store().set_password("bob", "x"),
                              store().set_disabled("bob", true)}) {
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().failure, Failure::not_found);
  }
}

TEST_F(AccountStoreTest, ListsInTheOrderOfNames) {
  added("bob");
  added("Alice");
  added("carol");
  const auto all = store().list().value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name.view(), "Alice");
  EXPECT_EQ(all[1].name.view(), "bob");
  EXPECT_EQ(all[2].name.view(), "carol");
}

TEST_F(AccountStoreTest, OfManySessionsTheOneUsedLongestAgoEnds) {
  const Account alice = added("alice");
  const std::string first = session(alice), second = session(alice, start + Duration{1});
  std::string kept = rotated(first, start + Duration{2});
  for (int i = 0; i < most_sessions - 1; ++i) session(alice, start + Duration{10 + i});
  EXPECT_EQ(outcome(second, start + Duration{100}), Outcome::unknown);
  EXPECT_EQ(outcome(kept, start + Duration{100}), Outcome::replaced);
}

TEST_F(AccountStoreTest, AnotherProcessMayWriteBeside) {
  const std::string token = session(added("alice"));
  const auto beside = AccountStore::open(folder_.path());
  ASSERT_TRUE(beside) << beside.error().detail;
  ASSERT_TRUE((*beside)->add(*parse_bidder_id("bob"), "hash", Role::operator_, start));
  EXPECT_EQ(store().find("bob").value()->role, Role::operator_);
  ASSERT_TRUE((*beside)->set_disabled("alice", true));
  EXPECT_EQ(outcome(token, start), Outcome::unknown);
}

TEST_F(AccountStoreTest, TwoThatWriteAtOnceBothDo) {
  added("alice");
  {
    std::vector<std::jthread> threads;
    for (const char* prefix : {"x", "y"}) {
      threads.emplace_back([this, prefix] {
        const auto mine = AccountStore::open(folder_.path()).value();
        for (int i = 0; i < 20; ++i) {
          const auto done = mine->add(*parse_bidder_id(prefix + std::to_string(i)), "hash", Role::bidder, start);
          EXPECT_TRUE(done) << done.error().detail;
        }
      });
    }
  }
  EXPECT_EQ(store().list()->size(), 41U);
}

TEST_F(AccountStoreTest, AFileOfALaterVersionIsRefused) {
  store_.reset();
  {
    auto database = sqlite::Database::open(folder_.path() / "accounts.db", SQLITE_OPEN_READWRITE, {}).value();
    ASSERT_TRUE(database.set("PRAGMA user_version = 2"));
  }
  const auto opened = AccountStore::open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().failure, Failure::invalid);
  EXPECT_THAT(opened.error().detail, ::testing::HasSubstr("another version"));
}

TEST(AccountStore, AFileThatIsNoneIsRefused) {
  const flashbid::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "accounts.db") << std::string(8'192, 'x');
  EXPECT_EQ(AccountStore::open(folder.path()).error().failure, Failure::invalid);
}

}  // namespace
}  // namespace flashbid::accounts
