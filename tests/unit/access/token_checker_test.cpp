#include "access/token_checker.hpp"

#include <gtest/gtest.h>

#include "unit/access/fault_matchers.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;

std::string token_of(std::string_view subject, std::string_view exp = "1800000060", std::string_view with = secret) {
  return hs256(plain_header, R"({"sub":")" + std::string(subject) + R"(","exp":)" + std::string(exp) + "}", with);
}

TEST(TokenChecker, RemembersWhatWasRight) {
  KeyRing ring(shared_keys(secret));
  TokenChecker checker(ring, {});
  const std::string token = token_of("Alice");
  EXPECT_TRUE(accepts(checker.check(token, noon)));
  EXPECT_EQ(checker.hits(), 0U);
  const auto again = checker.check(std::string(token), noon);
  EXPECT_TRUE(accepts(again));
  EXPECT_EQ(again->expires, Timestamp{1'800'000'060'000});
  EXPECT_EQ(checker.hits(), 1U);
  EXPECT_EQ(checker.tokens(), 1U);
  EXPECT_EQ(checker.bytes(), token.size());
}

TEST(TokenChecker, RemembersNothingThatWasWrong) {
  KeyRing ring(shared_keys(secret));
  TokenChecker checker(ring, {});
  const std::string token = token_of("Alice");
  for (int i = 0; i < 100; ++i) {
    std::string wrong = token;
    wrong[wrong.size() - 2] = wrong[wrong.size() - 2] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(refuses(checker.check(wrong, noon), TokenFault::bad_signature));
    EXPECT_TRUE(refuses(checker.check(std::to_string(i), noon), TokenFault::malformed));
    EXPECT_TRUE(refuses(checker.check(std::string(8'193, 'A'), noon), TokenFault::too_large));
    EXPECT_TRUE(refuses(checker.check(token_of("Alice", "1"), noon), TokenFault::expired));
  }
  EXPECT_EQ(checker.tokens(), 0U);
}

// Beside a token that is remembered: every other, however near.
TEST(TokenChecker, ComparesWholeTokens) {
  KeyRing ring(shared_keys(secret));
  TokenChecker checker(ring, {});
  const std::string token = token_of("Alice");
  EXPECT_TRUE(accepts(checker.check(token, noon)));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(checker.check(other, noon)) << i;
    EXPECT_FALSE(checker.check(token.substr(0, i), noon)) << i;
  }
  EXPECT_FALSE(checker.check(token + "A", noon));
  EXPECT_EQ(checker.hits(), 0U);
}

TEST(TokenChecker, ForgetsATokenAtItsEnd) {
  KeyRing ring(shared_keys(secret));
  for (const std::int64_t leeway : {0, 1'000}) {
    TokenChecker checker(ring, {.leeway = {leeway}});
    const std::string token = token_of("Alice", "1800000000.5");
    const Timestamp end{1'800'000'000'500 + leeway};
    EXPECT_TRUE(accepts(checker.check(token, noon)));
    EXPECT_TRUE(accepts(checker.check(token, end - Duration{1})));
    EXPECT_EQ(checker.hits(), 1U);
    EXPECT_TRUE(refuses(checker.check(token, end), TokenFault::expired));
    EXPECT_EQ(checker.tokens(), 0U);
    EXPECT_EQ(checker.bytes(), 0U);
    EXPECT_TRUE(refuses(checker.check(token, end), TokenFault::expired));
  }
}

TEST(TokenChecker, ForgetsAllWhenTheKeysChange) {
  const std::string other = "another secret, of 32 bytes ....";
  KeyRing ring(shared_keys(secret));
  TokenChecker checker(ring, {});
  const std::string old = token_of("Alice"), fresh = token_of("Bob", "1800000060", other);
  EXPECT_TRUE(accepts(checker.check(old, noon)));
  EXPECT_TRUE(refuses(checker.check(fresh, noon), TokenFault::bad_signature));
  // Rotation: both, then the new one.
  ring.replace(shared_keys(jwks(oct_members(), oct_members(other))));
  EXPECT_TRUE(accepts(checker.check(old, noon)));
  EXPECT_TRUE(accepts(checker.check(fresh, noon), "Bob"));
  EXPECT_EQ(checker.hits(), 0U);
  ring.replace(shared_keys(other));
  EXPECT_TRUE(refuses(checker.check(old, noon), TokenFault::bad_signature));
  EXPECT_TRUE(accepts(checker.check(fresh, noon), "Bob"));
  EXPECT_EQ(checker.tokens(), 1U);
}

TEST(TokenChecker, KeepsToItsBounds) {
  KeyRing ring(shared_keys(secret));
  TokenChecker few(ring, {}, {.tokens = 3, .bytes = 1'000'000});
  const auto name = [](int i) { return "bidder" + std::to_string(i); };
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(accepts(few.check(token_of(name(i)), noon), name(i)));
    EXPECT_LE(few.tokens(), 3U);
    EXPECT_TRUE(accepts(few.check(token_of(name(0)), noon), name(0)));  // used all the time: it stays
  }
  EXPECT_EQ(few.hits(), 10U);
  EXPECT_TRUE(accepts(few.check(token_of(name(9)), noon), name(9)));
  EXPECT_EQ(few.hits(), 11U);
  EXPECT_TRUE(accepts(few.check(token_of(name(1)), noon), name(1)));
  EXPECT_EQ(few.hits(), 11U);

  TokenChecker small(ring, {}, {.tokens = 100, .bytes = 400});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(accepts(small.check(token_of(name(i)), noon), name(i)));
    EXPECT_LE(small.bytes(), 400U);
    EXPECT_GE(small.tokens(), 1U);
  }
  for (const CacheBounds none : {CacheBounds{.tokens = 0}, CacheBounds{.bytes = 0}}) {
    TokenChecker nothing(ring, {}, none);
    EXPECT_TRUE(accepts(nothing.check(token_of("Alice"), noon)));
    EXPECT_TRUE(accepts(nothing.check(token_of("Alice"), noon)));
    EXPECT_EQ(nothing.tokens(), 0U);
  }
}

}  // namespace
}  // namespace flashbid::access
