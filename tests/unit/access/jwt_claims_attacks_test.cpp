// The attack catalogue, second part: the form of a token and its claims. Every token here is signed rightly, unless its
// form is what is wrong; every case says what is answered.
#include <gtest/gtest.h>

#include <set>

#include "access/strict_json.hpp"
#include "unit/access/fault_matchers.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access {
namespace {

using namespace testing;

std::expected<Identity, TokenFault> with_claims(std::string_view claims, const Rules& rules = {},
                                                Timestamp now = noon) {
  return verified(hs256(plain_header, claims), secret, rules, now);
}

// The claims of Alice, and more.
std::string and_also(std::string_view members) {
  return R"({"sub":"Alice","exp":1800000060,)" + std::string(members) + "}";
}
std::string expiring(std::string_view exp) { return R"({"sub":"Alice","exp":)" + std::string(exp) + "}"; }
std::string called(std::string_view sub) { return R"({"sub":)" + std::string(sub) + R"(,"exp":1800000060})"; }

// Signed as the three parts stand.
std::string raw(const std::string& header, const std::string& claims) {
  const std::string text = header + "." + claims;
  return text + "." + to_base64url(*hmac_of(secret, text));
}

TEST(JwtAttack, OtherThanThreeParts) {
  const std::string token = hs256(plain_header, plain_claims);
  const std::string part = token.substr(0, token.find('.'));
  for (const std::string& text : {std::string(),       std::string("."),
                                  std::string(".."),   std::string("..."),
                                  std::string("...."), part,
                                  part + ".",          part + "." + part,
                                  token + ".",         "." + token,
                                  token + "." + part,  token + ".." + part,
                                  token + "." + token, std::string("Bearer ") + token,
                                  token + " ",         token + "\n",
                                  " " + token,         token + '\0',
                                  std::string("{}"),   std::string("null"),
                                  token + "="}) {
    EXPECT_TRUE(refuses(verified(text), TokenFault::malformed)) << text;
  }
  EXPECT_TRUE(refuses(verified(part + ".." + part), TokenFault::bad_signature));
  EXPECT_TRUE(refuses(verified(hs256(plain_header, "")), TokenFault::malformed));
  EXPECT_TRUE(refuses(verified(hs256("", plain_claims)), TokenFault::malformed));
}

TEST(JwtAttack, Base64urlInAnotherSpelling) {
  const std::string header = to_base64url(plain_header), claims = to_base64url(plain_claims);
  ASSERT_TRUE(accepts(verified(raw(header, claims))));
  const std::string token = raw(header, claims);
  const std::size_t first = token.find('.'), second = token.rfind('.');
  for (const std::string& extra : {std::string("="), std::string("=="), std::string(" "), std::string("\n"),
                                   std::string("\r\n"), std::string("\t"), std::string("+"), std::string("/"),
                                   std::string("%"), std::string("\xc3\xa9"), std::string(1, '\0'), std::string("A")}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{2}, first, first + 1, second, second + 1, token.size()}) {
      std::string changed = token;
      changed.insert(at, extra);
      EXPECT_FALSE(verified(changed)) << extra << " at " << at;
    }
    // Signed as it stands, so that only its spelling is wrong.
    if (extra == "A") continue;
    EXPECT_TRUE(refuses(verified(raw(header + extra, claims)), TokenFault::malformed)) << extra;
    EXPECT_TRUE(refuses(verified(raw(header, claims + extra)), TokenFault::malformed)) << extra;
    EXPECT_TRUE(refuses(verified(token + extra), TokenFault::malformed)) << extra;
  }
}

// Bits at a part's end that do not count, set: another text for the same bytes.
TEST(JwtAttack, Base64urlWithSpareBits) {
  const std::string header = to_base64url(R"({"alg":"HS256"})");            // no spare bits
  const std::string spare_four = to_base64url(R"({"alg":"HS256","a":1})");  // bits that do not count
  const std::string claims = to_base64url(plain_claims);
  const auto next = [](std::string text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    text.back() = alphabet[alphabet.find(text.back()) + 1];
    return text;
  };
  ASSERT_EQ(std::string(R"({"alg":"HS256"})").size() % 3, 0U);
  for (const std::string& part : {to_base64url(R"({"alg":"HS256"} )"), to_base64url(R"({"alg":"HS256"}  )")}) {
    ASSERT_TRUE(accepts(verified(raw(part, claims))));
    EXPECT_TRUE(refuses(verified(raw(next(part), claims)), TokenFault::malformed));
  }
  for (const std::string& part : {to_base64url(expiring("1800000060")), to_base64url(expiring("1800000060 ")),
                                  to_base64url(expiring("1800000060  "))}) {
    if (part.size() % 4 == 0) continue;
    ASSERT_TRUE(accepts(verified(raw(header, part))));
    EXPECT_TRUE(refuses(verified(raw(header, next(part))), TokenFault::malformed));
  }
  // 32 bytes of HMAC leave two bits.
  EXPECT_TRUE(refuses(verified(next(raw(header, claims))), TokenFault::malformed));
}

TEST(JwtAttack, SizeAtAndAboveTheBound) {
  const auto of_size = [](std::size_t size) {
    for (std::size_t filling = size * 3 / 4 - 200;; ++filling) {
      std::string token = hs256(plain_header, and_also(R"("x":")" + std::string(filling, 'x') + "\""));
      if (token.size() >= size) return token;
    }
  };
  // One less of filling is 1 or 2 characters less: one of these is exactly at the bound, or just below.
  const std::string below = of_size(most_token_bytes - 1);
  ASSERT_LE(below.size(), most_token_bytes);
  EXPECT_TRUE(accepts(verified(below)));
  const std::string above = of_size(most_token_bytes + 1);
  EXPECT_TRUE(refuses(verified(above), TokenFault::too_large));
  EXPECT_TRUE(refuses(verified(std::string(1'000'000, 'A')), TokenFault::too_large));
  EXPECT_TRUE(refuses(verified(std::string(most_token_bytes + 1, '.')), TokenFault::too_large));
  EXPECT_TRUE(refuses(verified(std::string(most_token_bytes, '.')), TokenFault::malformed));
}

TEST(JwtAttack, ClaimsThatAreNoJsonObject) {
  for (const std::string claims : {"",
                                   " ",
                                   "null",
                                   "1",
                                   "\"sub\"",
                                   "[]",
                                   R"([{"sub":"Alice","exp":1800000060}])",
                                   "{",
                                   "}",
                                   R"({"sub":"Alice","exp":1800000060)",
                                   R"({"sub":"Alice","exp":1800000060}})",
                                   R"({"sub":"Alice","exp":1800000060}{})",
                                   R"({"sub":"Alice","exp":1800000060,})",
                                   R"({'sub':'Alice','exp':1800000060})",
                                   R"({sub:"Alice",exp:1800000060})",
                                   R"({"sub":"Alice" "exp":1800000060})",
                                   R"({"sub":"Alice","exp":1800000060} x)",
                                   R"(/**/{"sub":"Alice","exp":1800000060})",
                                   "\xef\xbb\xbf{}",
                                   R"({"sub":"Alice","exp":01800000060})",
                                   R"({"sub":"Alice","exp":+1800000060})",
                                   R"({"sub":"Alice","exp":1800000060.})",
                                   R"({"sub":"Alice","exp":.5})",
                                   R"({"sub":"Alice","exp":0x6B49D200})",
                                   R"({"sub":"Alice","exp":NaN})",
                                   R"({"sub":"Alice","exp":Infinity})",
                                   R"({"sub":"Alice","exp":1e400})",
                                   R"({"sub":"Alice","exp":1800000060,"x":tru})"}) {
    EXPECT_TRUE(refuses(with_claims(claims), TokenFault::malformed)) << claims;
  }
  const std::string with_zero = std::string(plain_claims) + '\0';
  EXPECT_TRUE(refuses(with_claims(with_zero), TokenFault::malformed));
}

TEST(JwtAttack, InvalidUtf8AndEscapes) {
  for (const std::string& text :
       {std::string("\"\xff\""), std::string("\"\xc0\xaf\""), std::string("\"\xed\xa0\x80\""),
        std::string("\"\xf4\x90\x80\x80\""), std::string("\"\xe2\x82\""), std::string("\"a\nb\""),
        std::string("\"a\0b\"", 5), std::string(R"("\x41")"), std::string(R"("\u12")"), std::string(R"("\ud800")"),
        std::string(R"("\ud800A")"), std::string(R"("\ud800\u0041")"), std::string(R"("\")")}) {
    EXPECT_TRUE(refuses(with_claims(and_also("\"x\":" + text)), TokenFault::malformed)) << text;
    EXPECT_FALSE(with_claims(called(text))) << text;
  }
  EXPECT_TRUE(accepts(with_claims(and_also(R"("x":"\u00e9\ud83d\ude00\"\\")"))));
  EXPECT_TRUE(accepts(with_claims(R"({"\u0073ub":"\u0041lice","e\u0078p":1800000060})")));
}

TEST(JwtAttack, ClaimsThatStandTwice) {
  for (const std::string claims :
       {R"({"sub":"Alice","sub":"Bob","exp":1800000060})", R"({"sub":"Alice","sub":"Alice","exp":1800000060})",
        R"({"sub":"Alice","s\u0075b":"Bob","exp":1800000060})", R"({"sub":"Alice","exp":1,"exp":1800000060})",
        R"({"sub":"Alice","exp":1800000060,"role":"bidder","role":"operator"})",
        R"({"sub":"Alice","exp":1800000060,"x":1,"x":1})"}) {
    EXPECT_TRUE(refuses(with_claims(claims), TokenFault::malformed)) << claims;
  }
}

TEST(JwtAttack, DeepNesting) {
  const auto nested = [](std::size_t depth) {
    return and_also("\"x\":" + std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_TRUE(accepts(with_claims(nested(json_depth - 2))));
  EXPECT_TRUE(refuses(with_claims(nested(json_depth + 1)), TokenFault::malformed));
  EXPECT_TRUE(refuses(with_claims(nested(2'500)), TokenFault::malformed));
  EXPECT_TRUE(refuses(with_claims(and_also("\"x\":" + std::string(4'000, '['))), TokenFault::malformed));
  const std::string deep_header = R"({"alg":"HS256","x":)" + std::string(2'000, '[') + std::string(2'000, ']') + "}";
  EXPECT_TRUE(refuses(verified(hs256(deep_header, plain_claims)), TokenFault::malformed));
}

TEST(JwtAttack, ClaimsThatAreMissing) {
  for (const std::string claims :
       {R"({})", R"({"sub":"Alice"})", R"({"exp":1800000060})", R"({"SUB":"Alice","exp":1800000060})",
        R"({"sub":"Alice","EXP":1800000060})", R"({"sub ":"Alice","exp":1800000060})",
        R"({"x":{"sub":"Alice","exp":1800000060}})"}) {
    EXPECT_TRUE(refuses(with_claims(claims), TokenFault::missing_claim)) << claims;
  }
}

TEST(JwtAttack, ClaimsOfAWrongType) {
  for (const std::string value : {"null", "true", R"("1800000060")", R"("")", "[]", "[1800000060]", "{}"}) {
    EXPECT_TRUE(refuses(with_claims(expiring(value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"nbf\":" + value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"iat\":" + value)), TokenFault::invalid_claim)) << value;
  }
  for (const std::string value : {"null", "true", "1", "[]", R"(["Alice"])", "{}"}) {
    EXPECT_TRUE(refuses(with_claims(called(value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"role\":" + value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"iss\":" + value)), TokenFault::invalid_claim)) << value;
  }
  for (const std::string value : {"null", "true", "1", "{}", "[1]", R"(["a",1])", "[[]]", "[null]"}) {
    EXPECT_TRUE(refuses(with_claims(and_also("\"aud\":" + value)), TokenFault::invalid_claim)) << value;
  }
}

TEST(JwtAttack, RolesThatThereAreNot) {
  for (const std::string role : {"", "Operator", "OPERATOR", "operator ", " operator", "operator\\u0000", "admin",
                                 "bidder,operator", "root", "operators", "*"}) {
    EXPECT_TRUE(refuses(with_claims(and_also(R"("role":")" + role + "\"")), TokenFault::invalid_claim)) << role;
  }
  EXPECT_EQ(with_claims(and_also(R"("role":"operator")"))->role, Role::operator_);
  EXPECT_EQ(with_claims(and_also(R"("role":"bidder")"))->role, Role::bidder);
  EXPECT_EQ(with_claims(and_also(R"("roles":["operator"],"x":{"role":"operator"})"))->role, Role::bidder);
}

TEST(JwtAttack, SubjectsThatAreNoBidder) {
  for (const std::string subject :
       {"", " ", "Al ice", "Alice\\u0000", "Alice\\n", "Alice\\r\\nX: y", "<script>", "a/b", "a,b", "a=b", "*",
        "\\u00e9", "\\ud83d\\ude00", "Alice\\u200b", "a{1}", "'", "..\\/x", "%41"}) {
    EXPECT_TRUE(refuses(with_claims(called("\"" + subject + "\"")), TokenFault::invalid_claim)) << subject;
  }
  EXPECT_TRUE(accepts(with_claims(called("\"" + std::string(64, 'a') + "\"")), std::string(64, 'a')));
  EXPECT_TRUE(refuses(with_claims(called("\"" + std::string(65, 'a') + "\"")), TokenFault::invalid_claim));
}

TEST(JwtAttack, TimesOutOfRange) {
  for (const std::string value :
       {"-1", "-0.5", "-1800000060", "253402300800", "9999999999999", "1800000060000", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808", "1e15", "1e300",
        "1.7976931348623157e308", "-1e300"}) {
    EXPECT_TRUE(refuses(with_claims(expiring(value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"nbf\":" + value)), TokenFault::invalid_claim)) << value;
    EXPECT_TRUE(refuses(with_claims(and_also("\"iat\":" + value)), TokenFault::invalid_claim)) << value;
  }
  // Beyond what JSON's reader takes for a number.
  for (const std::string value :
       {"18446744073709551616", "99999999999999999999999999", "-9223372036854775809", "1e999"}) {
    EXPECT_FALSE(with_claims(expiring(value))) << value;
  }
  for (const std::string value : {"0", "-0", "-0.0", "1", "1e-300", "0.0000001", "1799999999"}) {
    EXPECT_TRUE(refuses(with_claims(expiring(value), {.leeway = {}}), TokenFault::expired)) << value;
  }
  for (const std::string value :
       {"1800000060", "1800000060.0", "1.80000006e9", "18000000600e-1", "253402300799", "1800000000.001"}) {
    EXPECT_TRUE(accepts(with_claims(expiring(value), {.leeway = {}}))) << value;
  }
}

TEST(JwtAttack, ExpiryToTheMillisecond) {
  for (const std::int64_t leeway : {0, 1, 1'000, 300'000}) {
    const Rules rules{.leeway = {leeway}};
    const Timestamp end{1'800'000'000'125 + leeway};
    EXPECT_TRUE(accepts(with_claims(expiring("1800000000.125"), rules, end - Duration{1}))) << leeway;
    EXPECT_TRUE(refuses(with_claims(expiring("1800000000.125"), rules, end), TokenFault::expired)) << leeway;
    EXPECT_TRUE(refuses(with_claims(expiring("1800000000.125"), rules, end + Duration{1}), TokenFault::expired))
        << leeway;
    // What is opened with it ends without leeway.
    EXPECT_EQ(with_claims(expiring("1800000000.125"), rules)->expires, Timestamp{1'800'000'000'125});
  }
}

TEST(JwtAttack, NotBeforeToTheMillisecond) {
  for (const std::int64_t leeway : {0, 1, 1'000, 300'000}) {
    const Rules rules{.leeway = {leeway}};
    const Timestamp begin{1'800'000'000'125 - leeway};
    const std::string claims = R"({"sub":"Alice","exp":1800009999,"nbf":1800000000.125})";
    EXPECT_TRUE(refuses(with_claims(claims, rules, begin - Duration{1}), TokenFault::not_yet_valid)) << leeway;
    EXPECT_TRUE(accepts(with_claims(claims, rules, begin))) << leeway;
  }
  EXPECT_TRUE(refuses(with_claims(and_also(R"("nbf":253402300799)")), TokenFault::not_yet_valid));
  // When it was issued is not asked: clocks differ, and nbf is there for that.
  EXPECT_TRUE(accepts(with_claims(and_also(R"("iat":253402300799)"))));
}

TEST(JwtAttack, IssuerIsThatOfTheRules) {
  const Rules rules{.issuer = "https://id.example/"};
  EXPECT_TRUE(accepts(with_claims(and_also(R"("iss":"https://id.example/")"), rules)));
  EXPECT_TRUE(refuses(with_claims(plain_claims, rules), TokenFault::wrong_issuer));
  for (const std::string issuer : {"", "https://id.example", "https://id.example/x", "HTTPS://ID.EXAMPLE/",
                                   "https://evil.example/", "https://id.example/\\u0000", " https://id.example/"}) {
    EXPECT_TRUE(refuses(with_claims(and_also(R"("iss":")" + issuer + "\""), rules), TokenFault::wrong_issuer))
        << issuer;
  }
  EXPECT_TRUE(refuses(with_claims(and_also(R"("iss":["https://id.example/"])"), rules), TokenFault::invalid_claim));
  EXPECT_TRUE(accepts(with_claims(and_also(R"("iss":"anybody")"))));
}

TEST(JwtAttack, AudienceIsThatOfTheRules) {
  const Rules rules{.audience = "flashbid"};
  for (const std::string audience :
       {R"("flashbid")", R"(["flashbid"])", R"(["other","flashbid"])", R"(["flashbid","other"])"}) {
    EXPECT_TRUE(accepts(with_claims(and_also("\"aud\":" + audience), rules))) << audience;
  }
  EXPECT_TRUE(refuses(with_claims(plain_claims, rules), TokenFault::wrong_audience));
  for (const std::string audience :
       {R"("")", "[]", R"("FlashBid")", R"("flashbid,other")", R"(["other"])", R"("flash")", R"([""])"}) {
    EXPECT_TRUE(refuses(with_claims(and_also("\"aud\":" + audience), rules), TokenFault::wrong_audience)) << audience;
  }
  EXPECT_TRUE(refuses(with_claims(and_also(R"("aud":["flashbid",["flashbid"]])"), rules), TokenFault::invalid_claim));
  EXPECT_TRUE(accepts(with_claims(and_also(R"("aud":"anybody")"))));
}

TEST(JwtAttack, ClaimsShowNothingBeforeTheSignatureIsRight) {
  const std::string stranger = "another secret, of 32 bytes ....";
  for (const std::string claims : {"{}", "no json", R"({"sub":"Alice","exp":1})", R"({"sub":1,"exp":1800000060})"}) {
    EXPECT_TRUE(refuses(verified(hs256(plain_header, claims, stranger)), TokenFault::bad_signature)) << claims;
  }
}

TEST(TokenFaults, EachHasASentence) {
  std::set<std::string_view> sentences;
  for (int i = 0; i <= static_cast<int>(TokenFault::wrong_audience); ++i) {
    sentences.insert(describe(static_cast<TokenFault>(i)));
  }
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(TokenFault::wrong_audience) + 1);
}

}  // namespace
}  // namespace flashbid::access
