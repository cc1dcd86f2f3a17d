// A key that is bound to an issuer, beside one that is not: neither side can mint what counts as the other's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "access/jwt.hpp"
#include "access/key_ring.hpp"
#include "access/mint.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::access {
namespace {

const std::string own_secret = "the house's own secret, of 32 bytes or more";
const std::string other_secret = "an identity provider's secret, also long enough";
constexpr Timestamp now{1'800'000'000'000};

KeySet both() {
  KeySet keys = KeySet::of_file_text(other_secret).value();
  EXPECT_TRUE(keys.add({.secret = own_secret, .id = "own", .issuer = "house"}));
  return keys;
}

std::string token(const std::string& secret, std::optional<std::string> issuer,
                  std::optional<std::string> key_id = std::nullopt,
                  std::optional<std::string> audience = std::nullopt) {
  return mint(SigningKey::of_file_text(secret).value(), {.subject = *parse_bidder_id("alice"),
                                                         .role = Role::bidder,
                                                         .issued = now,
                                                         .expires = now + Duration{60'000},
                                                         .issuer = std::move(issuer),
                                                         .audience = std::move(audience),
                                                         .key_id = std::move(key_id)})
      .value();
}

std::optional<TokenFault> fault_of(const std::string& text, const Rules& rules = {}) {
  const auto identity = verify(text, both(), rules, now);
  return identity ? std::nullopt : std::optional(identity.error());
}

TEST(BoundKey, VerifiesItsIssuersTokensWithAndWithoutKeyId) {
  EXPECT_EQ(fault_of(token(own_secret, "house", "own")), std::nullopt);
  EXPECT_EQ(fault_of(token(own_secret, "house")), std::nullopt);
}

TEST(BoundKey, VerifiesNoOthersTokens) {
  EXPECT_EQ(fault_of(token(own_secret, "another", "own")), TokenFault::wrong_issuer);
  EXPECT_EQ(fault_of(token(own_secret, std::nullopt, "own")), TokenFault::wrong_issuer);
}

TEST(BoundKey, ItsIssuersTokensCountWithNoOtherKey) {
  EXPECT_EQ(fault_of(token(other_secret, "house")), TokenFault::wrong_issuer);
  EXPECT_EQ(fault_of(token(other_secret, "house", "own")), TokenFault::wrong_issuer);
  EXPECT_EQ(fault_of(token(other_secret, "house"), {.issuer = "house", .audience = {}}), TokenFault::wrong_issuer);
  EXPECT_EQ(fault_of(token(other_secret, "another")), std::nullopt);
  EXPECT_EQ(fault_of(token(other_secret, std::nullopt)), std::nullopt);
}

TEST(BoundKey, IsNotAskedForWhatIsConfiguredForOthers) {
  const Rules rules{.issuer = "provider", .audience = "shop"};
  EXPECT_EQ(fault_of(token(own_secret, "house", "own"), rules), std::nullopt);
  EXPECT_EQ(fault_of(token(other_secret, "provider", {}, "shop"), rules), std::nullopt);
  EXPECT_EQ(fault_of(token(other_secret, "provider", {}, "other"), rules), TokenFault::wrong_audience);
}

TEST(BoundKey, ASetMayHoldNothingElse) {
  const auto keys = KeySet::of_own_key({.secret = own_secret, .id = "own", .issuer = "house"});
  ASSERT_TRUE(keys);
  EXPECT_TRUE(verify(token(own_secret, "house"), *keys, {}, now));
  EXPECT_FALSE(verify(token(other_secret, "house"), *keys, {}, now));
  EXPECT_FALSE(KeySet::of_own_key({.secret = "short", .id = "own", .issuer = "house"}));
}

// A token without `kid` tries only a few: the house's own is among them.
TEST(BoundKey, IsFoundBehindManyKeysWithoutId) {
  std::string jwks = R"({"keys":[)";
  for (char c = 'A'; c < 'A' + 20; ++c) {
    jwks += std::string(c == 'A' ? "" : ",") + R"({"kty":"oct","k":")" + std::string(42, c) + "A\"}";
  }
  jwks += "]}";
  auto keys = KeySet::of_file_text(jwks);
  ASSERT_TRUE(keys) << keys.error().detail;
  ASSERT_TRUE(keys->add({.secret = own_secret, .id = "own", .issuer = "house"}));
  EXPECT_TRUE(verify(token(own_secret, "house"), *keys, {}, now));
}

TEST(BoundKey, StaysWhenTheKeyFileChanges) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() / "key";
  std::ofstream(file) << other_secret;
  KeyRingOptions options{.source = file, .ca_file = {}, .own = OwnKey{own_secret, "own", "house"}};
  options.look_every = Duration{5};
  const auto ring = KeyRing::open(std::move(options));
  ASSERT_TRUE(ring) << ring.error().detail;
  EXPECT_TRUE(verify(token(own_secret, "house"), *(*ring)->current().keys, {}, now));
  const auto before = (*ring)->generation();
  std::ofstream(file) << "another secret that is long enough for HS256";
  while ((*ring)->generation() == before) std::this_thread::yield();
  EXPECT_TRUE(verify(token(own_secret, "house"), *(*ring)->current().keys, {}, now));
  EXPECT_FALSE(verify(token(other_secret, "another"), *(*ring)->current().keys, {}, now));
}

}  // namespace
}  // namespace flashbid::access
