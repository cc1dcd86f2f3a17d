#include "accounts/account_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "support/temporary_folder.hpp"

namespace flashbid::accounts {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(AccountKey, IsMadeOnceForItsOwnerAlone) {
  const flashbid::testing::TemporaryFolder folder;
  const fs::path inside = folder.path() / "new";
  const auto made = open_key(inside);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->size(), 64U);
  struct stat found{};
  ASSERT_EQ(::stat(key_file(inside).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_EQ(open_key(inside).value(), *made);
  EXPECT_EQ(std::distance(fs::directory_iterator(inside), {}), 1) << "nothing stays beside it";
  EXPECT_NE(open_key(folder.path() / "another").value(), *made);
}

TEST(AccountKey, IsTheSameForAllThatMakeItAtOnce) {
  const flashbid::testing::TemporaryFolder folder;
  std::vector<std::string> keys(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& key : keys) threads.emplace_back([&] { key = open_key(folder.path()).value(); });
  }
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 1U);
}

TEST(AccountKey, ThatEverybodyMayReadIsRefused) {
  const flashbid::testing::TemporaryFolder folder;
  ASSERT_TRUE(open_key(folder.path()));
  fs::permissions(key_file(folder.path()), fs::perms::others_read, fs::perm_options::add);
  const auto opened = open_key(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().failure, Failure::invalid);
  EXPECT_THAT(opened.error().detail, HasSubstr("chmod 600"));
}

TEST(AccountKey, ThatIsCutOffIsRefused) {
  const flashbid::testing::TemporaryFolder folder;
  std::ofstream(key_file(folder.path())) << "short";
  fs::permissions(key_file(folder.path()), fs::perms::owner_read);
  const auto opened = open_key(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("shorter than 32 bytes"));
}

TEST(AccountKey, NeedsAFolder) {
  const flashbid::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_EQ(open_key(folder.path() / "file").error().failure, Failure::invalid);
}

}  // namespace
}  // namespace flashbid::accounts
