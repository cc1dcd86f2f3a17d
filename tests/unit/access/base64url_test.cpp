#include "access/base64url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace flashbid::access {
namespace {

TEST(Base64url, IsThatOfRfc4648AndRfc7515) {
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foo"), "Zm9v");
  EXPECT_EQ(to_base64url("foob"), "Zm9vYg");
  EXPECT_EQ(to_base64url("\x03\xec\xff\xe0\xc1"), "A-z_4ME");  // RFC 7515, appendix C
}

TEST(Base64url, ReadsWhatItWrites) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const auto back = from_base64url(to_base64url(bytes));
    ASSERT_TRUE(back);
    ASSERT_EQ(*back, bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64url, HasOneSpellingForEachValue) {
  // Of all texts of one to three characters, exactly those are read that are written.
  for (int size = 1; size <= 3; ++size) {
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < (size > 1 ? 256 : 1); ++b) {
        for (int c = size > 2 ? (a + b) % 37 : 0; c < (size > 2 ? 256 : 1); c += 37) {
          const std::string text = std::string{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)}.substr(
              0, static_cast<std::size_t>(size));
          const auto bytes = from_base64url(text);
          if (bytes && to_base64url(*bytes) != text) {
            ADD_FAILURE() << text;
            return;
          }
        }
      }
    }
  }
}

TEST(Base64url, RefusesEveryOtherAlphabet) {
  for (const std::string text : {"Zg==", "Zg=", "=", "Z", "Zm9vY", "Zh", "Zm9", "+z_4ME", "A/z_4ME", " Zg", "Zg ",
                                 "Z\ng", "Zg\r\n", "Zm9v\xc3\xa9", "Zm8.", "~~~~"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
  EXPECT_FALSE(from_base64url(std::string_view("Zm8\0", 4)));
  EXPECT_FALSE(from_base64url(std::string_view("\0\0", 2)));
}

}  // namespace
}  // namespace flashbid::access
