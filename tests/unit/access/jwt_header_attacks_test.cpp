// The attack catalogue, first part: the header, the keys and the signature (RFC 8725, RFC 7515 and what has been found
// in JWT libraries). Every case says what is answered; nothing is accepted that was not signed for this.
#include <gtest/gtest.h>

#include <algorithm>

#include "access/key_set.hpp"
#include "unit/access/fault_matchers.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;

std::string header_with(std::string_view members) { return R"({"alg":"HS256",)" + std::string(members) + "}"; }

std::string header_of(std::string_view algorithm) { return R"({"alg":")" + std::string(algorithm) + R"("})"; }

// A key file with a key of every kind.
std::string every_kind() { return jwks(oct_members(), rsa_members(rsa()), ec_members(ec()), ed_members(ed())); }

TEST(JwtAttack, AlgorithmNoneInEverySpelling) {
  for (const std::string name : {"none", "None", "NONE", "nOnE", "NoNe", "none ", " none", "none\\u0000", "n\\u006fne",
                                 "", "null", "undefined", "0", "no"}) {
    const std::string text = head_and_claims(header_of(name), plain_claims);
    for (const std::string& signature : {std::string(), to_base64url(*hmac_of(secret, text)), std::string("AA")}) {
      for (const std::string& keys : {std::string(secret), public_pem(rsa()), every_kind()}) {
        EXPECT_TRUE(refuses(verified(text + "." + signature, keys), TokenFault::unknown_algorithm)) << name;
      }
    }
  }
}

TEST(JwtAttack, AlgorithmOfAnyOtherName) {
  for (const std::string name : {"HS384",        "HS512",
                                 "RS384",        "RS512",
                                 "ES384",        "ES512",
                                 "ES256K",       "PS384",
                                 "PS512",        "hs256",
                                 "Hs256",        "HS256 ",
                                 "HS256\\u0000", "EDDSA",
                                 "Ed25519",      "Ed448",
                                 "RSA-OAEP",     "dir",
                                 "A128GCM",      "HS",
                                 "HS2560",       "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"}) {
    EXPECT_TRUE(refuses(verified(hs256(header_of(name), plain_claims)), TokenFault::unknown_algorithm)) << name;
  }
}

TEST(JwtAttack, AlgorithmThatIsNoText) {
  for (const std::string header : {R"({})", R"({"typ":"JWT"})", R"({"alg":null})", R"({"alg":256})", R"({"alg":true})",
                                   R"({"alg":["HS256"]})", R"({"alg":{"HS256":1}})", R"({"ALG":"HS256"})"}) {
    EXPECT_TRUE(refuses(verified(hs256(header, plain_claims)), TokenFault::malformed)) << header;
  }
}

// RS256 -> HS256: the public key's text, which everybody has, used as a secret.
TEST(JwtAttack, PublicKeyUsedAsASecret) {
  for (EVP_PKEY* key : {&rsa(), &ec(), &ed()}) {
    const std::string pem = public_pem(*key);
    std::string without_end = pem;
    without_end.pop_back();
    for (const std::string& text : {pem, without_end, rsa_members(rsa()), std::string()}) {
      EXPECT_TRUE(refuses(verified(hs256(plain_header, plain_claims, text), pem), TokenFault::no_key));
    }
  }
  const std::string set = jwks(rsa_members(rsa()) + R"(,"kid":"a")");
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("kid":"a")"), plain_claims, set), set), TokenFault::no_key));
  EXPECT_TRUE(
      refuses(verified(hs256(header_with(R"("kid":"a")"), plain_claims, public_pem(rsa())), set), TokenFault::no_key));
}

// Every algorithm against every key that is not of its family.
TEST(JwtAttack, AlgorithmOfAnotherFamily) {
  struct Family {
    std::string keys;
    std::vector<Algorithm> right;
  };
  const Family families[] = {{std::string(secret), {Algorithm::hs256}},
                             {public_pem(rsa()), {Algorithm::rs256, Algorithm::ps256}},
                             {public_pem(ec()), {Algorithm::es256}},
                             {public_pem(ed()), {Algorithm::eddsa}}};
  for (const Family& family : families) {
    for (const std::string_view name : algorithm_names) {
      const std::string text = head_and_claims(header_of(name), plain_claims);
      const bool is_right = std::ranges::count(family.right, *parse_algorithm(name)) == 1;
      for (const std::size_t size : {std::size_t{0}, std::size_t{32}, std::size_t{64}, std::size_t{256}}) {
        const auto said = verified(text + "." + to_base64url(std::string(size, '\x11')), family.keys);
        EXPECT_TRUE(refuses(said, is_right ? TokenFault::bad_signature : TokenFault::no_key)) << name;
      }
    }
  }
}

TEST(JwtAttack, AlgorithmThatTheJwkDoesNotAllow) {
  const std::string only_ps = jwks(rsa_members(rsa()) + R"(,"alg":"PS256")");
  const std::string rs = signed_by(rsa(), Algorithm::rs256, header_of("RS256"), plain_claims);
  const std::string ps = signed_by(rsa(), Algorithm::ps256, header_of("PS256"), plain_claims);
  EXPECT_TRUE(refuses(verified(rs, only_ps), TokenFault::no_key));
  EXPECT_TRUE(accepts(verified(ps, only_ps)));
  const std::string only_rs = jwks(rsa_members(rsa()) + R"(,"alg":"RS256")");
  EXPECT_TRUE(refuses(verified(ps, only_rs), TokenFault::no_key));
  EXPECT_TRUE(accepts(verified(rs, only_rs)));
}

// A right signature, made by the other algorithm of the same key.
TEST(JwtAttack, PaddingOfTheOtherAlgorithm) {
  const std::string pem = public_pem(rsa());
  EXPECT_TRUE(refuses(verified(signed_by(rsa(), Algorithm::ps256, header_of("RS256"), plain_claims), pem),
                      TokenFault::bad_signature));
  EXPECT_TRUE(refuses(verified(signed_by(rsa(), Algorithm::rs256, header_of("PS256"), plain_claims), pem),
                      TokenFault::bad_signature));
}

// The attacker's own key, given with the token in each way that there is. It would verify.
TEST(JwtAttack, KeyInTheHeader) {
  const OwnedKey own = new_rsa(2'048);
  for (const std::string& member : {R"("jwk":{)" + rsa_members(*own) + "}", std::string(R"("jwk":null)"),
                                    std::string(R"("jku":"https://evil.example/k")"),
                                    std::string(R"("jku":"https://trusted.example@evil.example/k")"),
                                    std::string(R"("x5u":"https://evil.example/c")"), std::string(R"("x5c":["MIIB"])"),
                                    std::string(R"("x5c":[])"), std::string(R"("\u006awk":{})")}) {
    const std::string header = R"({"alg":"RS256",)" + member + "}";
    EXPECT_TRUE(refuses(verified(signed_by(*own, Algorithm::rs256, header, plain_claims), public_pem(rsa())),
                        TokenFault::refused_header))
        << member;
    // Not even beside a right signature.
    EXPECT_TRUE(refuses(verified(signed_by(rsa(), Algorithm::rs256, header, plain_claims), public_pem(rsa())),
                        TokenFault::refused_header))
        << member;
  }
  // A certificate's thumbprint chooses nothing and is passed over.
  EXPECT_TRUE(accepts(verified(hs256(header_with(R"("x5t":"AAAA","x5t#S256":"AAAA")"), plain_claims))));
}

TEST(JwtAttack, KeyIdThatLeadsElsewhere) {
  const std::string set = jwks(oct_members() + R"(,"kid":"house")");
  for (const std::string id : {"../../../../dev/null",
                               "/dev/null",
                               "/proc/sys/kernel/randomize_va_space",
                               "' OR '1'='1",
                               "' UNION SELECT 'x",
                               "house'--",
                               "|/bin/sh",
                               "$(id)",
                               "`id`",
                               "house\\u0000",
                               "house ",
                               " house",
                               "House",
                               "hous",
                               "housee",
                               "",
                               "*",
                               "%00",
                               "https://evil.example",
                               "house\\n",
                               "__proto__",
                               "0"}) {
    const std::string header = header_with(R"("kid":")" + id + "\"");
    for (const std::string_view with : {secret, std::string_view(), std::string_view("\0", 1)}) {
      EXPECT_TRUE(refuses(verified(hs256(header, plain_claims, with), set), TokenFault::no_key)) << id;
    }
  }
  EXPECT_TRUE(accepts(verified(hs256(header_with(R"("kid":"house")"), plain_claims), set)));
  EXPECT_TRUE(accepts(verified(hs256(header_with(R"("kid":"h\u006fuse")"), plain_claims), set)));
}

TEST(JwtAttack, KeyIdOfAWrongTypeOrLength) {
  for (const std::string id : {"null", "1", "true", "[]", R"(["house"])", "{}"}) {
    EXPECT_TRUE(refuses(verified(hs256(header_with("\"kid\":" + id), plain_claims)), TokenFault::malformed)) << id;
  }
  const auto with_id = [](std::size_t size) {
    return verified(hs256(header_with(R"("kid":")" + std::string(size, 'k') + "\""), plain_claims));
  };
  EXPECT_TRUE(accepts(with_id(256)));  // a secret has no id: any may mean it
  EXPECT_TRUE(refuses(with_id(257), TokenFault::malformed));
  EXPECT_TRUE(refuses(with_id(5'000), TokenFault::malformed));
}

// A key with an id is not tried for a token that names another one, though it would verify.
TEST(JwtAttack, KeyIdOfAnotherKey) {
  const std::string other = "another secret, of 32 bytes ....";
  const std::string set = jwks(oct_members() + R"(,"kid":"a")", oct_members(other) + R"(,"kid":"b")");
  EXPECT_TRUE(accepts(verified(hs256(header_with(R"("kid":"a")"), plain_claims), set)));
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("kid":"b")"), plain_claims), set), TokenFault::bad_signature));
  EXPECT_TRUE(accepts(verified(hs256(header_with(R"("kid":"b")"), plain_claims, other), set)));
  // Without an id, each is tried.
  EXPECT_TRUE(accepts(verified(hs256(plain_header, plain_claims, other), set)));
}

// A token that names no key costs at most eight verifications.
TEST(JwtAttack, ManyKeysToTry) {
  const auto set_of = [](int before) {
    std::string keys;
    for (int i = 0; i < before; ++i) keys += "{" + oct_members(std::string(32, static_cast<char>('A' + i))) + "},";
    return R"({"keys":[)" + keys + "{" + oct_members() + R"(,"kid":"last"}]})";
  };
  EXPECT_TRUE(accepts(verified(hs256(plain_header, plain_claims), set_of(7))));
  EXPECT_TRUE(refuses(verified(hs256(plain_header, plain_claims), set_of(8)), TokenFault::bad_signature));
}

TEST(JwtAttack, CriticalExtensions) {
  for (const std::string member :
       {R"("crit":["exp"],"exp":1)", R"("crit":[])", R"("crit":null)", R"("crit":"b64")",
        R"("crit":["b64"],"b64":true)", R"("crit":["b64"],"b64":false)", R"("b64":false)", R"("b64":true)",
        R"("crit":["http://openbanking.org.uk/iat"])", R"("\u0063rit":["a"])"}) {
    EXPECT_TRUE(refuses(verified(hs256(header_with(member), plain_claims)), TokenFault::refused_header)) << member;
  }
  // With b64 false the claims stand as they are (RFC 7797).
  const std::string text = to_base64url(header_with(R"("b64":false)")) + "." + std::string(plain_claims);
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(*hmac_of(secret, text))), TokenFault::malformed));
}

// A token that is something else: nested, encrypted, compressed, or made for another purpose.
TEST(JwtAttack, TokenOfAnotherKind) {
  const std::string inner = hs256(plain_header, plain_claims);
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("cty":"JWT")"), inner)), TokenFault::refused_header));
  EXPECT_TRUE(refuses(verified(hs256(plain_header, inner)), TokenFault::malformed));
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("enc":"A128GCM")"), plain_claims)), TokenFault::refused_header));
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("zip":"DEF")"), plain_claims)), TokenFault::refused_header));
  const std::string jwe = to_base64url(R"({"alg":"RSA-OAEP","enc":"A256GCM"})") + ".a2V5.aXY.dGV4dA.dGFn";
  EXPECT_TRUE(refuses(verified(jwe), TokenFault::malformed));
  for (const std::string type : {"logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", "JOSE+JSON", "", "jwt ",
                                 "application/", "application/x", "JWE", "at+jwt+x"}) {
    EXPECT_TRUE(
        refuses(verified(hs256(header_with(R"("typ":")" + type + "\""), plain_claims)), TokenFault::refused_header))
        << type;
  }
  for (const std::string type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"}) {
    EXPECT_TRUE(accepts(verified(hs256(header_with(R"("typ":")" + type + "\""), plain_claims)))) << type;
  }
  EXPECT_TRUE(refuses(verified(hs256(header_with(R"("typ":1)"), plain_claims)), TokenFault::malformed));
}

TEST(JwtAttack, SignatureThatIsNotWhole) {
  struct Case {
    EVP_PKEY* key;
    Algorithm algorithm;
  };
  for (const auto& [key, algorithm] :
       {Case{nullptr, Algorithm::hs256}, Case{&rsa(), Algorithm::rs256}, Case{&rsa(), Algorithm::ps256},
        Case{&ec(), Algorithm::es256}, Case{&ed(), Algorithm::eddsa}}) {
    const std::string text = head_and_claims(header_of(name_of(algorithm)), plain_claims);
    const std::string right = key != nullptr ? *sign(*key, algorithm, text) : *hmac_of(secret, text);
    const KeySet keys = keys_of(key != nullptr ? public_pem(*key) : std::string(secret));
    const auto with = [&](const std::string& signature) {
      return verify(text + "." + to_base64url(signature), keys, {}, noon);
    };
    ASSERT_TRUE(accepts(with(right)));
    std::vector<std::string> wrong{"",
                                   "\x01",
                                   right + '\0',
                                   right + right,
                                   '\0' + right,
                                   std::string(right.size(), '\0'),
                                   std::string(right.size(), '\xff'),
                                   std::string(4'000, '\0')};
    for (std::size_t size = 1; size < right.size(); ++size) wrong.push_back(right.substr(0, size));
    for (std::size_t i = 0; i < right.size(); ++i) {
      wrong.push_back(right);
      wrong.back()[i] = static_cast<char>(wrong.back()[i] ^ 1);
    }
    for (const std::string& signature : wrong) {
      EXPECT_TRUE(refuses(with(signature), TokenFault::bad_signature)) << name_of(algorithm) << " " << signature.size();
    }
  }
}

TEST(JwtAttack, TextThatIsNotTheOneSigned) {
  const std::string token = hs256(plain_header, plain_claims);
  const std::size_t first = token.find('.'), second = token.rfind('.');
  const std::string signature = token.substr(second);
  const std::string header = token.substr(0, first);
  EXPECT_TRUE(refuses(verified(header + "." + to_base64url(R"({"sub":"Bob","exp":1800000060})") + signature),
                      TokenFault::bad_signature));
  EXPECT_TRUE(refuses(verified(to_base64url(R"({"alg":"HS256"})") + token.substr(first)), TokenFault::bad_signature));
  EXPECT_TRUE(refuses(verified(hs256(plain_header, plain_claims, "0123456789abcdef0123456789abcdeg")),
                      TokenFault::bad_signature));
  // What stands in the file is the secret, byte for byte, the newline at its end too.
  EXPECT_TRUE(refuses(verified(token, std::string(secret) + "\n"), TokenFault::bad_signature));
  EXPECT_TRUE(
      accepts(verified(hs256(plain_header, plain_claims, std::string(secret) + "\n"), std::string(secret) + "\n")));
}

// ES256: r or s out of range ("psychic signatures", CVE-2022-21449), and other forms than 64 bytes.
TEST(JwtAttack, EcdsaNumbersOutOfRange) {
  const std::string text = head_and_claims(header_of("ES256"), plain_claims);
  const std::string keys = public_pem(ec());
  const std::string right = *sign(ec(), Algorithm::es256, text);
  const std::string r = right.substr(0, 32), s = right.substr(32);
  const std::string zero(32, '\0'), most(32, '\xff');
  const std::string order = *from_base64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  std::string one = zero, beyond = order;
  one.back() = '\x01';
  beyond.back() = static_cast<char>(beyond.back() + 1);
  for (const std::string& wrong : {zero, order, beyond, most}) {
    for (const std::string& signature : {wrong + s, r + wrong, wrong + wrong, one + wrong, wrong + one}) {
      EXPECT_TRUE(refuses(verified(text + "." + to_base64url(signature), keys), TokenFault::bad_signature));
    }
  }
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(one + one), keys), TokenFault::bad_signature));
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(s + r), keys), TokenFault::bad_signature));
}

TEST(JwtAttack, EcdsaInDer) {
  const std::string text = head_and_claims(header_of("ES256"), plain_claims);
  const OwnedDigestContext context(EVP_MD_CTX_new());
  std::string der(80, '\0');
  std::size_t size = der.size();
  ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, &ec()), 1);
  ASSERT_EQ(
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, bytes_of(text), text.size()),
      1);
  der.resize(size);
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(der), public_pem(ec())), TokenFault::bad_signature));
  der.resize(64, '\0');
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(der), public_pem(ec())), TokenFault::bad_signature));
}

// EdDSA: S that is not below the group's order (RFC 8032, section 5.1.7).
TEST(JwtAttack, EddsaNumberOutOfRange) {
  const std::string text = head_and_claims(header_of("EdDSA"), plain_claims);
  const std::string right = *sign(ed(), Algorithm::eddsa, text);
  const std::string order = *from_base64url("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA");  // L, little-endian
  std::string moved = right;
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(right[32 + i]) + static_cast<unsigned>(static_cast<unsigned char>(order[i]));
    moved[32 + i] = static_cast<char>(carry);
    carry >>= 8U;
  }
  EXPECT_TRUE(accepts(verified(text + "." + to_base64url(right), public_pem(ed()))));
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(moved), public_pem(ed())), TokenFault::bad_signature));
}

// PS256 with a salt of another length than the digest's.
TEST(JwtAttack, PssSaltOfAnotherLength) {
  const std::string text = head_and_claims(header_of("PS256"), plain_claims);
  for (const int salt : {0, 20, 31, 33, 64, 32}) {
    const OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    ASSERT_EQ(EVP_DigestSignInit(context.get(), &settings, EVP_sha256(), nullptr, &rsa()), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt), 1);
    ASSERT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(text),
                             text.size()),
              1);
    const auto said = verified(text + "." + to_base64url(signature), public_pem(rsa()));
    EXPECT_TRUE(salt == 32 ? accepts(said) : refuses(said, TokenFault::bad_signature)) << salt;
  }
}

TEST(JwtAttack, HeaderMembersThatStandTwice) {
  for (const std::string header : {R"({"alg":"HS256","alg":"none"})", R"({"alg":"none","alg":"HS256"})",
                                   R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"none"})",
                                   R"({"alg":"HS256","kid":"a","kid":"b"})", R"({"alg":"HS256","x":1,"x":1})"}) {
    EXPECT_TRUE(refuses(verified(hs256(header, plain_claims)), TokenFault::malformed)) << header;
  }
}

// What was refused leaves no error behind for the next TLS call of this thread.
TEST(JwtAttack, LeavesNothingInOpenSslsQueue) {
  const std::string text = head_and_claims(header_of("RS256"), plain_claims);
  EXPECT_TRUE(refuses(verified(text + "." + to_base64url(std::string(256, '\x01')), public_pem(rsa())),
                      TokenFault::bad_signature));
  EXPECT_EQ(ERR_peek_error(), 0U);
  EXPECT_FALSE(KeySet::of_file_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace flashbid::access
