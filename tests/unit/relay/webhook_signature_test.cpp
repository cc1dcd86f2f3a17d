#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/webhook/signature.hpp"

namespace flashbid::webhook {
namespace {

// The example of the specification's reference libraries.
constexpr std::string_view example_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view example_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

std::string secret_of(std::size_t groups) {
  std::string text = "whsec_";
  for (std::size_t i = 0; i < groups; ++i) text += "AAAA";
  return text;
}

TEST(WebhookSignature, IsThatOfTheSpecification) {
  const auto key = key_of_secret(example_secret);
  ASSERT_TRUE(key);
  EXPECT_EQ(sign({*key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"), example_signature);
}

TEST(WebhookSignature, IsOneOfEachSecret) {
  const auto key = key_of_secret(example_secret);
  ASSERT_TRUE(key);
  const std::string both =
      sign({std::string(32, 'x'), *key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})");
  EXPECT_THAT(both, ::testing::EndsWith(" " + std::string(example_signature)));
  EXPECT_THAT(both, ::testing::StartsWith("v1,"));
}

TEST(WebhookSignature, ASecretIsReadExactlyOrRefused) {
  EXPECT_EQ(key_of_secret(secret_of(8))->size(), 24U);
  EXPECT_EQ(key_of_secret(secret_of(21) + "AA==")->size(), 64U);
  const std::string long_enough = std::string(secret_of(8));
  for (const std::string& wrong :
       {std::string(), std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), secret_of(7),
        secret_of(7) + "AAA=", secret_of(22), secret_of(4000), long_enough + "A",
        long_enough + "A===", long_enough + "AB==", long_enough + "!AAA",
        long_enough + "AA =", long_enough + "A=A=", long_enough + "====", long_enough + "AA\n\n"}) {
    const auto key = key_of_secret(wrong);
    ASSERT_FALSE(key) << wrong;
    EXPECT_EQ(key.error().failure, Failure::invalid);
    EXPECT_THAT(key.error().detail, ::testing::HasSubstr("webhook secret"));
    EXPECT_THAT(key.error().detail, ::testing::Not(::testing::HasSubstr("AAAA")));
  }
}

TEST(WebhookSignature, AFileHasASecretALine) {
  EXPECT_THAT(secrets_of_file("# new\nwhsec_a\r\n\n  whsec_b \n# old\nwhsec_c"),
              ::testing::ElementsAre("whsec_a", "whsec_b", "whsec_c"));
  EXPECT_THAT(secrets_of_file(""), ::testing::IsEmpty());
  EXPECT_THAT(secrets_of_file("\n \n#x\n"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace flashbid::webhook
