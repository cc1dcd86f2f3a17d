// What may stand in a key file, by class: what is made of it, or what is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "access/key_text.hpp"
#include "access/signing_key.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// The sentence, or "" if the text is taken.
std::string refusal(std::string_view text) {
  const auto keys = KeySet::of_file_text(text);
  if (keys) return {};
  EXPECT_EQ(keys.error().failure, Failure::invalid);
  return keys.error().detail;
}
std::string published_refusal(std::string_view text) {
  const auto keys = KeySet::of_published_text(text);
  return keys ? "" : keys.error().detail;
}

std::vector<Algorithms> algorithms(const KeySet& keys) {
  std::vector<Algorithms> found;
  for (const Key& key : keys.keys()) found.push_back(key.algorithms());
  return found;
}
const Algorithms of_secret{Algorithm::hs256}, of_rsa{Algorithm::rs256, Algorithm::ps256}, of_ec{Algorithm::es256},
    of_ed{Algorithm::eddsa};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string der_of(EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  std::string made(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return made;
}

std::string pkcs1_pem(EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(&key, &der);
  const std::string made = written([&](BIO* bio) { return PEM_write_bio(bio, "RSA PUBLIC KEY", "", der, size) > 0; });
  OPENSSL_free(der);
  return made;
}

struct Certificate {
  std::string pem, der;
};
Certificate certificate_of(EVP_PKEY& key) {
  X509* made = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), 0);
  X509_gmtime_adj(X509_getm_notAfter(made), 3'600);
  X509_set_pubkey(made, &key);
  require(X509_sign(made, &key, EVP_sha256()) > 0, "a certificate is made");
  Certificate found{.pem = written([&](BIO* bio) { return PEM_write_bio_X509(bio, made); }), .der = {}};
  unsigned char* der = nullptr;
  const int size = i2d_X509(made, &der);
  found.der.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_free(made);
  return found;
}

TEST(KeyFile, SecretIsTakenAsItStands) {
  for (const std::string& text : {std::string(32, 'x'), std::string(32, '\0'), std::string(31, 'x') + "\n",
                                  std::string("\n") + std::string(31, 'x'), std::string("{") + std::string(31, '\x01'),
                                  std::string("{\xff") + std::string(31, 'x'), std::string(16'384, 'x'),
                                  std::string("[\"a list is no JWKS, so it is a secret\"]"),
                                  std::string(" -----BEGIN is no line here, it's a secret"),
                                  std::string("\xef\xbb\xbf") + std::string(32, 'x')}) {
    ASSERT_EQ(refusal(text), "") << text;
    const KeySet keys = keys_of(text);
    ASSERT_EQ(algorithms(keys), std::vector{of_secret});
    EXPECT_TRUE(keys.keys().front().verify(Algorithm::hs256, "text", *hmac_of(text, "text")));
  }
}

TEST(KeyFile, SecretThatIsTooShortOrTooLong) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("\n"), HasSubstr("at least 32 bytes, and this one 1"));
  EXPECT_THAT(refusal("secret"), HasSubstr("openssl rand -hex 32"));
  EXPECT_THAT(refusal(std::string(31, 'x')), HasSubstr("at least 32 bytes, and this one 31"));
  EXPECT_EQ(refusal(std::string(32, 'x')), "");
  EXPECT_THAT(refusal(std::string(16'385, 'x')), HasSubstr("at most 16384 bytes"));
  EXPECT_THAT(refusal(std::string(256 * 1024 + 1, 'x')), HasSubstr("longer than 262144 bytes"));
}

TEST(KeyFile, SecretIsNeverQuoted) {
  EXPECT_THAT(refusal("hunter2"), ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal(R"({"keys":[{"kty":"oct","k":"hunter2"}]})"), ::testing::Not(HasSubstr("hunter2")));
}

TEST(KeyFile, PublicKeyInPem) {
  EXPECT_EQ(algorithms(keys_of(public_pem(rsa()))), std::vector{of_rsa});
  EXPECT_EQ(algorithms(keys_of(public_pem(ec()))), std::vector{of_ec});
  EXPECT_EQ(algorithms(keys_of(public_pem(ed()))), std::vector{of_ed});
  EXPECT_EQ(algorithms(keys_of(pkcs1_pem(rsa()))), std::vector{of_rsa});
  const std::string pem = public_pem(rsa());
  for (const std::string& text :
       {replaced(pem, "\n", "\r\n"), "\xef\xbb\xbf" + pem, "some words before\n" + pem + "and after\n", "\n\n" + pem,
        pem.substr(0, pem.size() - 1)}) {
    EXPECT_EQ(refusal(text), "") << text;
  }
}

TEST(KeyFile, SeveralPublicKeysInPemAreSeveralKeys) {
  const KeySet keys = keys_of(public_pem(rsa()) + public_pem(ec()) + "\n" + replaced(public_pem(ed()), "\n", "\r\n"));
  EXPECT_EQ(algorithms(keys), (std::vector{of_rsa, of_ec, of_ed}));
}

TEST(KeyFile, PrivateKeyIsNotForAServer) {
  for (EVP_PKEY* key : {&rsa(), &ec(), &ed()}) {
    EXPECT_THAT(refusal(private_pem(*key)), HasSubstr("openssl pkey -in FILE -pubout"));
    EXPECT_THAT(refusal(encrypted_pem(*key)), HasSubstr("openssl pkey -in FILE -pubout"));
    EXPECT_THAT(refusal(public_pem(*key) + private_pem(*key)), HasSubstr("private key"));
  }
  for (const std::string_view kind : {"RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "}) {
    const std::string name = std::string(kind) + "PRIVATE KEY";
    EXPECT_THAT(refusal("-----BEGIN " + name + "-----\nAAAA\n-----END " + name + "-----\n"), HasSubstr("private key"));
  }
}

TEST(KeyFile, CertificateIsNotItsKey) {
  const Certificate certificate = certificate_of(rsa());
  EXPECT_THAT(refusal(certificate.pem), HasSubstr("openssl x509 -in FILE -noout -pubkey"));
  EXPECT_THAT(refusal(public_pem(rsa()) + certificate.pem), HasSubstr("certificate"));
  EXPECT_THAT(refusal(replaced(certificate.pem, "CERTIFICATE", "TRUSTED CERTIFICATE")), HasSubstr("certificate"));
}

// What everybody knows must not become a secret because it came in a form that is not read.
TEST(KeyFile, PublicKeyInAnotherFormIsNoSecret) {
  const Certificate certificate = certificate_of(rsa());
  for (EVP_PKEY* key : {&rsa(), &ec(), &ed()}) {
    EXPECT_THAT(refusal(der_of(*key)), HasSubstr("DER"));
    const std::string pem = public_pem(*key);
    const std::size_t begin = pem.find('\n') + 1, end = pem.rfind("-----END");
    EXPECT_THAT(refusal(pem.substr(begin, end - begin)), HasSubstr("without the lines"));
    EXPECT_THAT(refusal(replaced(pem.substr(begin, end - begin), "\n", "")), HasSubstr("without the lines"));
    EXPECT_THAT(refusal(to_base64url(der_of(*key))), HasSubstr("without the lines"));
  }
  EXPECT_THAT(refusal(certificate.der), HasSubstr("DER"));
  for (const std::string_view kind : {"ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"}) {
    EXPECT_THAT(refusal(std::string(kind) + " AAAAC3NzaC1lZDI1NTE5AAAAIHN0cmFuZ2U me@here\n"), HasSubstr("OpenSSH"));
  }
}

TEST(KeyFile, PemThatIsDamagedOrOfAnotherKind) {
  const std::string pem = public_pem(rsa());
  for (std::size_t size = 12; size < pem.size() - 2; size += 7) {
    EXPECT_NE(refusal(pem.substr(0, size)), "") << size;
  }
  for (const std::string& text :
       {replaced(pem, "END", "FIN"), replaced(pem, "MII", "M!I"), pem + pem.substr(0, 100),
        std::string("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
        std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        std::string("-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        std::string("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"),
        std::string("words, long enough for a secret of 32 bytes\n-----BEGIN ")}) {
    EXPECT_NE(refusal(text), "") << text;
  }
  // Bytes behind what the key's DER says it holds.
  const std::string longer = der_of(ed()) + '\0';
  EXPECT_NE(refusal(written([&](BIO* bio) {
              return PEM_write_bio(bio, "PUBLIC KEY", "", bytes_of(longer), static_cast<long>(longer.size())) > 0;
            })),
            "");
}

TEST(KeyFile, WeakKeysAreRefused) {
  EXPECT_THAT(refusal(public_pem(*new_rsa(1'024))), HasSubstr("2048 to 8192 bits, and this one 1024"));
  EXPECT_THAT(refusal(public_pem(*new_rsa(2'047))), HasSubstr("and this one 2047"));
  EXPECT_THAT(refusal(public_pem(*new_rsa(2'048, 3))), HasSubstr("exponent"));
  EXPECT_THAT(refusal(public_pem(*new_rsa(2'048, 17))), HasSubstr("exponent"));
  EXPECT_THAT(refusal(public_pem(*new_rsa(2'048, 257))), HasSubstr("exponent"));
  EXPECT_THAT(refusal(jwks(rsa_members(*new_rsa(2'048, 3)))),
              HasSubstr("key 1 of it: an RSA key for tokens has an odd"));
  EXPECT_THAT(refusal(jwks(rsa_members(*new_rsa(1'024)))), HasSubstr("key 1 of it: an RSA key for tokens has 2048"));
  // An exponent of 1 signs everything; an even one nothing; a huge one costs time.
  const std::string modulus = number(rsa(), OSSL_PKEY_PARAM_RSA_N, 0);
  for (const std::string exponent : {"AQ", "Ag", "AQAA", "Aw", "AQAAAAAAAAAB"}) {
    EXPECT_NE(refusal(jwks(R"("kty":"RSA","n":")" + modulus + R"(","e":")" + exponent + "\"")), "") << exponent;
  }
  // What has a small factor is no modulus: everybody can find the private key.
  std::string even = *from_base64url(modulus);
  even.back() = static_cast<char>(even.back() & 0xfe);
  EXPECT_THAT(refusal(jwks(R"("kty":"RSA","e":"AQAB","n":")" + to_base64url(even) + "\"")),
              HasSubstr("do not fit together"));
}

TEST(KeyFile, KindsThatAreNotOurs) {
  EXPECT_THAT(refusal(public_pem(*new_ec("P-384"))), HasSubstr("on P-256, and this one on secp384r1"));
  EXPECT_THAT(refusal(public_pem(*new_ec("secp256k1"))), HasSubstr("secp256k1"));
  EXPECT_THAT(refusal(public_pem(*new_okp("ED448"))), HasSubstr("RSA, EC on P-256 or Ed25519"));
  EXPECT_THAT(refusal(public_pem(*new_okp("X25519"))), HasSubstr("RSA, EC on P-256 or Ed25519"));
}

// A curve that a key brings along may have any generator (CVE-2020-0601).
TEST(KeyFile, CurveThatIsSpelledOut) {
  const OwnedKey key = new_ec();
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
  EXPECT_THAT(refusal(public_pem(*key)), HasSubstr("spells a curve out"));
}

TEST(Jwks, EachKindIsRead) {
  const KeySet keys = keys_of(jwks(oct_members(), rsa_members(rsa()), ec_members(ec()), ed_members(ed())));
  EXPECT_EQ(algorithms(keys), (std::vector{of_secret, of_rsa, of_ec, of_ed}));
  EXPECT_EQ(algorithms(keys_of("{" + ec_members(ec()) + "}")), std::vector{of_ec});  // a JWK alone
  EXPECT_EQ(refusal("\xef\xbb\xbf \r\n" + jwks(ec_members(ec())) + "\n"), "");
  EXPECT_EQ(keys_of(jwks(ec_members(ec()) + R"(,"kid":"a","use":"sig","key_ops":["verify"],"alg":"ES256","x5t":"x")"))
                .keys()
                .front()
                .id(),
            "a");
}

TEST(Jwks, KeysThatAreNotForUsArePassedOver) {
  const std::string good = ec_members(ec());
  for (const std::string other :
       {R"("kty":"AKP","pub":"x")", R"("kty":"")", R"("kty":"rsa","n":"x")",
        R"("kty":"EC","crv":"P-384","x":"","y":"")", R"("kty":"OKP","crv":"X25519","x":"AA")",
        R"("kty":"OKP","crv":"Ed448","x":"AA")", R"("kty":"RSA","use":"enc","n":"x")", R"("kty":"RSA","alg":"RS512")",
        R"("kty":"RSA","alg":"RSA-OAEP")", R"("kty":"RSA","key_ops":["encrypt"])", R"("kty":"RSA","key_ops":[])",
        R"("kty":"oct","alg":"none")"}) {
    const KeySet keys = keys_of(jwks(other, good));
    EXPECT_EQ(algorithms(keys), std::vector{of_ec}) << other;
    ASSERT_EQ(keys.passed_over().size(), 1U) << other;
    EXPECT_THAT(keys.passed_over().front(), HasSubstr("key 1 of it is not used: its "));
    EXPECT_THAT(refusal(jwks(other)), HasSubstr("no key to verify tokens with; key 1 of it is not used")) << other;
  }
  EXPECT_EQ(keys_of(jwks(R"("kty":"a\nb\u00e9")", good)).passed_over().front(),
            R"(key 1 of it is not used: its kty is "a?b??")");
}

TEST(Jwks, KeysThatAreBrokenOrUnsafeAreErrors) {
  const std::string n = R"("n":")" + number(rsa(), OSSL_PKEY_PARAM_RSA_N, 0) + "\"";
  const std::string zeros = to_base64url(std::string(32, '\0'));
  for (const std::string& key : {std::string(R"("n":"x")"),
                                 std::string(R"("kty":1)"),
                                 std::string(R"("kty":"RSA")"),
                                 R"("kty":"RSA",)" + n,
                                 std::string(R"("kty":"RSA","e":"AQAB")"),
                                 R"("kty":"RSA","e":"AQAB=",)" + n,
                                 R"("kty":"RSA","e":65537,)" + n,
                                 R"("kty":"RSA","e":"",)" + n,
                                 std::string(R"("kty":"EC")"),
                                 std::string(R"("kty":"EC","crv":"P-256","x":"AA","y":"AA")"),
                                 R"("kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros + "\"",
                                 std::string(R"("kty":"OKP","crv":"Ed25519","x":"AA")"),
                                 std::string(R"("kty":"OKP","x":"AA")"),
                                 std::string(R"("kty":"oct")"),
                                 std::string(R"("kty":"oct","k":"")"),
                                 oct_members(std::string(31, 'x')),
                                 oct_members() + R"(,"kid":7)",
                                 oct_members() + R"(,"kid":null)",
                                 oct_members() + R"(,"kid":")" + std::string(257, 'k') + "\"",
                                 oct_members() + R"(,"alg":5)",
                                 oct_members() + R"(,"alg":"RS256")",
                                 oct_members() + R"(,"use":[])",
                                 oct_members() + R"(,"key_ops":"verify")",
                                 oct_members() + R"(,"key_ops":[1])",
                                 rsa_members(rsa()) + R"(,"alg":"HS256")",
                                 rsa_members(rsa()) + R"(,"alg":"ES256")",
                                 ec_members(ec()) + R"(,"alg":"EdDSA")",
                                 rsa_members(rsa()) + R"(,"d":"AQAB")",
                                 ec_members(ec()) + R"(,"d":"AA")",
                                 ed_members(ed()) + R"(,"d":"AA")",
                                 oct_members() + R"(,"kty":"RSA")",
                                 oct_members() + R"(,"k\u0069d":"a","kid":"b")"}) {
    EXPECT_THAT(refusal(jwks(ec_members(ec()), key)), HasSubstr("key 2 of it: ")) << key;
  }
  EXPECT_THAT(refusal(jwks(oct_members(std::string(31, 'x')))), HasSubstr("at least 32 bytes, and this one 31"));
  EXPECT_THAT(refusal(jwks(rsa_members(rsa()) + R"(,"d":"AQAB")")), HasSubstr("private half"));
}

TEST(Jwks, TheSameIdTwice) {
  const std::string id = R"(,"kid":"a")";
  EXPECT_THAT(refusal(jwks(ec_members(ec()) + id, ec_members(*new_ec()) + id)), HasSubstr("same \"kid\""));
  EXPECT_THAT(refusal(jwks(rsa_members(rsa()) + id, rsa_members(*new_rsa(2'048)) + id + R"(,"alg":"RS256")")),
              HasSubstr("same \"kid\""));
  // Of different kinds they may (RFC 7517, section 4.5).
  EXPECT_EQ(refusal(jwks(ec_members(ec()) + id, ed_members(ed()) + id)), "");
  EXPECT_EQ(refusal(jwks(rsa_members(rsa()) + id + R"(,"alg":"PS256")", rsa_members(rsa()) + id + R"(,"alg":"RS256")")),
            "");
  EXPECT_EQ(refusal(jwks(ec_members(ec()), ec_members(*new_ec()))), "");
}

TEST(Jwks, TextThatIsNone) {
  for (const std::string text :
       {"{}", "{", R"({"keys":[]})", R"({"keys":{}})", R"({"keys":null})", R"({"keys":[1]})", R"({"keys":[[]]})",
        R"({"Keys":[]})", R"({"keys":[],"keys":[]})", R"({"keys":[{}]})", R"({"keys":[{"kty":"oct"}]} {"keys":[]})",
        R"({"a secret of 32 bytes": "or more"})", R"({"keys":[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]})"}) {
    EXPECT_NE(refusal(text), "") << text;
    EXPECT_NE(published_refusal(text), "") << text;
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += (i == 0 ? "{" : ",{") + oct_members() + "}";
  EXPECT_THAT(refusal(R"({"keys":[)" + many + "]}"), HasSubstr("more than 64 keys"));
}

TEST(Jwks, WhatTheWorldCanReadHoldsNoSecret) {
  EXPECT_EQ(published_refusal(jwks(ec_members(ec()))), "");
  EXPECT_THAT(published_refusal(jwks(ec_members(ec()), oct_members())), HasSubstr("a secret"));
  EXPECT_THAT(published_refusal(public_pem(ec())), HasSubstr("no JSON object"));
  EXPECT_THAT(published_refusal(std::string(secret)), HasSubstr("no JSON object"));
  EXPECT_THAT(published_refusal(""), HasSubstr("no JSON object"));
  EXPECT_THAT(published_refusal(std::string(300'000, ' ')), HasSubstr("longer than"));
}

// The other side: the key that signs.
std::string signing_refusal(std::string_view text) {
  const auto key = SigningKey::of_file_text(text);
  return key ? "" : key.error().detail;
}

TEST(SigningKeyFile, IsAPrivateKeyOrASecret) {
  EXPECT_EQ(SigningKey::of_file_text(secret)->algorithm(), Algorithm::hs256);
  EXPECT_EQ(SigningKey::of_file_text(private_pem(rsa()))->algorithm(), Algorithm::rs256);
  EXPECT_EQ(SigningKey::of_file_text(private_pem(ec()))->algorithm(), Algorithm::es256);
  EXPECT_EQ(SigningKey::of_file_text(replaced(private_pem(ed()), "\n", "\r\n"))->algorithm(), Algorithm::eddsa);
  // As `openssl ecparam -genkey` writes it.
  const std::string traditional = written(
      [](BIO* bio) { return PEM_write_bio_PrivateKey_traditional(bio, &ec(), nullptr, nullptr, 0, nullptr, nullptr); });
  EXPECT_EQ(SigningKey::of_file_text("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
                                     traditional)
                ->algorithm(),
            Algorithm::es256);
}

TEST(SigningKeyFile, RefusesWhatDoesNotSign) {
  for (EVP_PKEY* key : {&rsa(), &ec(), &ed()}) {
    EXPECT_THAT(signing_refusal(public_pem(*key)), HasSubstr("not a private key"));
    EXPECT_THAT(signing_refusal(encrypted_pem(*key)), HasSubstr("encrypted"));
    EXPECT_THAT(signing_refusal(der_of(*key)), HasSubstr("DER"));
  }
  const std::string traditional = written([](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, &rsa(), EVP_aes_128_cbc(),
                                                reinterpret_cast<const unsigned char*>("open"), 4, nullptr, nullptr);
  });
  EXPECT_THAT(signing_refusal(traditional), HasSubstr("encrypted"));
  EXPECT_THAT(signing_refusal(certificate_of(rsa()).pem), HasSubstr("not a private key"));
  EXPECT_THAT(signing_refusal(jwks(oct_members())), HasSubstr("it is JSON"));
  EXPECT_THAT(signing_refusal(std::string(31, 'x')), HasSubstr("at least 32 bytes"));
  EXPECT_THAT(signing_refusal(private_pem(*new_rsa(1'024))), HasSubstr("2048"));
  EXPECT_THAT(signing_refusal(private_pem(*new_ec("P-384"))), HasSubstr("P-256"));
  EXPECT_THAT(signing_refusal(private_pem(ec()) + private_pem(ed())), HasSubstr("several"));
  EXPECT_THAT(signing_refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
              HasSubstr("no private key"));
}

}  // namespace
}  // namespace flashbid::access
