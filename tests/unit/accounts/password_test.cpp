#include "accounts/password.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid::accounts {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr HashCost cheap{.memory_kib = 64, .passes = 1};

TEST(Password, HasLengthAndNothingElseToKeepTo) {
  EXPECT_EQ(wrong_password("alice", "12345678"), std::nullopt);
  EXPECT_EQ(wrong_password("alice", std::string(256, ' ')), std::nullopt);
  EXPECT_EQ(wrong_password("alice", "äöü€"), std::nullopt) << "bytes count";
  EXPECT_THAT(wrong_password("alice", "1234567").value_or(""), HasSubstr("8 to 256"));
  EXPECT_THAT(wrong_password("alice", "").value_or(""), HasSubstr("8 to 256"));
  EXPECT_THAT(wrong_password("alice", std::string(257, 'a')).value_or(""), HasSubstr("8 to 256"));
}

TEST(Password, IsNotTheNameInWhateverCase) {
  EXPECT_THAT(wrong_password("alice.smith", "alice.smith").value_or(""), HasSubstr("name"));
  EXPECT_THAT(wrong_password("alice.smith", "Alice.SMITH").value_or(""), HasSubstr("name"));
  EXPECT_EQ(wrong_password("alice.smith", "alice.smith!"), std::nullopt);
}

TEST(Password, IsUtf8) {
  EXPECT_THAT(wrong_password("alice", "1234567\xff").value_or(""), HasSubstr("UTF-8"));
  EXPECT_THAT(wrong_password("alice", "1234567\xc3").value_or(""), HasSubstr("UTF-8"));
}

TEST(Password, MatchesItsHashAndNoOther) {
  const auto hash = hash_password("correct horse", cheap);
  ASSERT_TRUE(hash);
  EXPECT_THAT(*hash, StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_TRUE(matches("correct horse", *hash).value());
  EXPECT_FALSE(matches("correct horse ", *hash).value());
  EXPECT_FALSE(matches("", *hash).value());
  EXPECT_NE(hash_password("correct horse", cheap).value(), *hash) << "each has a salt of its own";
}

TEST(Password, NothingMatchesWhatIsNoHash) {
  for (const char* text : {"", "correct horse", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"}) {
    EXPECT_FALSE(matches("correct horse", text).value()) << text;
  }
}

// OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane is the least.
TEST(Password, CostsWhatIsAskedForAtLeast) {
  const HashCost cost;
  EXPECT_GE(cost.memory_kib, 19U * 1'024);
  EXPECT_GE(cost.passes, 2U);
  EXPECT_GE(cost.lanes, 1U);
  EXPECT_THAT(hash_password("correct horse", cost).value(), StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST(Password, AHashTellsWhetherItWasCheaper) {
  const std::string hash = hash_password("correct horse", cheap).value();
  EXPECT_FALSE(is_weaker(hash, cheap));
  EXPECT_TRUE(is_weaker(hash, {.memory_kib = 65, .passes = 1}));
  EXPECT_TRUE(is_weaker(hash, {.memory_kib = 64, .passes = 2}));
  EXPECT_FALSE(is_weaker(hash, {.memory_kib = 32, .passes = 1})) << "never made cheaper";
}

}  // namespace
}  // namespace flashbid::accounts
