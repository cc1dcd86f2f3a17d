#include "access/mint.hpp"

#include <gtest/gtest.h>

#include "access/jwt.hpp"
#include "unit/access/fault_matchers.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;

TokenContent of_alice() {
  TokenContent content;
  content.subject = *parse_bidder_id("Alice");
  content.issued = noon;
  content.expires = noon + Duration{60'000};
  return content;
}

std::string minted(std::string_view key, const TokenContent& content) {
  return mint(*SigningKey::of_file_text(key), content).value();
}

TEST(Mint, WhatIsMintedIsVerified) {
  struct Case {
    std::string signs, verifies;
  };
  for (const auto& [signs, verifies] :
       {Case{std::string(secret), std::string(secret)}, Case{private_pem(rsa()), public_pem(rsa())},
        Case{private_pem(ec()), public_pem(ec())}, Case{private_pem(ed()), public_pem(ed())}}) {
    const auto said = verified(minted(signs, of_alice()), verifies);
    EXPECT_TRUE(accepts(said));
    EXPECT_EQ(said->role, Role::bidder);
    EXPECT_EQ(said->expires, noon + Duration{60'000});
  }
}

TEST(Mint, SaysWhatWasAsked) {
  TokenContent content = of_alice();
  content.role = Role::operator_;
  content.expires = noon + Duration{1};
  content.issuer = "https://id.example/\"\\\n\xc3\xa9";
  content.audience = "flashbid";
  content.key_id = "house-1";
  const std::string token = minted(secret, content);
  EXPECT_EQ(*from_base64url(token.substr(0, token.find('.'))), R"({"alg":"HS256","typ":"JWT","kid":"house-1"})");
  const auto said = verified(token, jwks(oct_members() + R"(,"kid":"house-1")"),
                             {.issuer = content.issuer, .audience = content.audience, .leeway = {}});
  ASSERT_TRUE(accepts(said));
  EXPECT_EQ(said->role, Role::operator_);
  EXPECT_EQ(said->expires, noon + Duration{1});
}

TEST(Mint, RefusesWhatNoTokenCanHold) {
  TokenContent content = of_alice();
  content.issuer = std::string(8'000, 'i');
  EXPECT_FALSE(mint(*SigningKey::of_file_text(secret), content));
  content.issuer = "\xff";
  EXPECT_FALSE(mint(*SigningKey::of_file_text(secret), content));
}

}  // namespace
}  // namespace flashbid::access
