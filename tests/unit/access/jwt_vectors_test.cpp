// Known answers: the examples of RFC 7515 (appendix A), of RFC 8037 (appendix A.4), and one of each algorithm.
#include <gtest/gtest.h>

#include "access/key_set.hpp"
#include "unit/access/fault_matchers.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;

constexpr std::string_view claims_of_rfc7515 =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

struct Example {
  std::string_view name;
  Algorithm algorithm;
  std::string_view jwk;
  std::string_view header, claims, signature;
};

const Example examples[] = {
    {"RFC 7515, A.1", Algorithm::hs256,
     R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", claims_of_rfc7515, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {"RFC 7515, A.2", Algorithm::rs256,
     R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
     "eyJhbGciOiJSUzI1NiJ9", claims_of_rfc7515,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1"
     "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jz"
     "DwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQG"
     "e77Rw"},
    {"RFC 7515, A.3", Algorithm::es256,
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9", claims_of_rfc7515,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 8037, A.4", Algorithm::eddsa,
     R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", "eyJhbGciOiJFZERTQSJ9",
     "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

TEST(JwtVectors, AreVerified) {
  for (const Example& example : examples) {
    const KeySet keys = keys_of(example.jwk);
    ASSERT_EQ(keys.keys().size(), 1U) << example.name;
    const Key& key = keys.keys().front();
    const std::string text = std::string(example.header) + "." + std::string(example.claims);
    const auto signature = from_base64url(example.signature);
    ASSERT_TRUE(signature) << example.name;
    EXPECT_TRUE(key.verify(example.algorithm, text, *signature)) << example.name;
    EXPECT_FALSE(key.verify(example.algorithm, text + "A", *signature)) << example.name;
    for (const Algorithm other : {Algorithm::hs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa}) {
      if (other != example.algorithm) EXPECT_FALSE(key.verify(other, text, *signature)) << example.name;
    }
    for (std::size_t bit = 0; bit < signature->size() * 8; bit += 5) {
      std::string wrong = *signature;
      wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(key.verify(example.algorithm, text, wrong)) << example.name << ", bit " << bit;
    }
  }
}

// The examples' claims name nobody, or are none: whole, they are refused for that alone.
TEST(JwtVectors, AsTokensLackWhatWeAskFor) {
  for (const Example& example : examples) {
    const std::string token =
        std::string(example.header) + "." + std::string(example.claims) + "." + std::string(example.signature);
    const bool has_claims = example.claims == claims_of_rfc7515;
    EXPECT_TRUE(refuses(verified(token, example.jwk), has_claims ? TokenFault::missing_claim : TokenFault::malformed))
        << example.name;
  }
}

TEST(JwtVectors, OneOfEachAlgorithmIsAccepted) {
  const auto header = [](std::string_view algorithm) { return R"({"alg":")" + std::string(algorithm) + R"("})"; };
  EXPECT_TRUE(accepts(verified(hs256(header("HS256"), plain_claims))));
  EXPECT_TRUE(accepts(verified(signed_by(rsa(), Algorithm::rs256, header("RS256"), plain_claims), public_pem(rsa()))));
  EXPECT_TRUE(accepts(verified(signed_by(rsa(), Algorithm::ps256, header("PS256"), plain_claims), public_pem(rsa()))));
  EXPECT_TRUE(accepts(verified(signed_by(ec(), Algorithm::es256, header("ES256"), plain_claims), public_pem(ec()))));
  EXPECT_TRUE(accepts(verified(signed_by(ed(), Algorithm::eddsa, header("EdDSA"), plain_claims), public_pem(ed()))));
}

TEST(JwtVectors, AnIdentityIsWhatTheClaimsSay) {
  const auto bidder = verified(hs256(plain_header, plain_claims));
  ASSERT_TRUE(bidder);
  EXPECT_EQ(bidder->subject.view(), "Alice");
  EXPECT_EQ(bidder->role, Role::bidder);
  EXPECT_EQ(bidder->expires, Timestamp{1'800'000'060'000});
  const auto house = verified(hs256(plain_header, R"({"sub":"a:b@c.d-_9","role":"operator","exp":1800000060.25})"));
  ASSERT_TRUE(house);
  EXPECT_EQ(house->subject.view(), "a:b@c.d-_9");
  EXPECT_EQ(house->role, Role::operator_);
  EXPECT_EQ(house->expires, Timestamp{1'800'000'060'250});
}

}  // namespace
}  // namespace flashbid::access
