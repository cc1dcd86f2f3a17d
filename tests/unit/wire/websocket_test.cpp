#include "wire/websocket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid {
namespace {

using testing::ElementsAre;

std::string frame(unsigned first_byte, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first_byte));
  const unsigned mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  const std::string mask = "\x11\x22\x33\x44";
  if (masked) out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  }
  return out;
}

struct Heard {
  std::vector<std::string> said;
  CloseCode failure = CloseCode::normal;
};

Heard read(const std::vector<std::string>& pieces, std::size_t max_message = 1000) {
  Heard heard;
  FrameReader reader({[&](std::string_view text) {
                        heard.said.push_back("text:" + std::string(text));
                        return true;
                      },
                      [&](std::string_view payload) { heard.said.push_back("ping:" + std::string(payload)); },
                      [&] { heard.said.emplace_back("pong"); },
                      [&](CloseCode code) { heard.said.push_back("close:" + std::to_string(static_cast<int>(code))); }},
                     max_message);
  for (const std::string& piece : pieces) {
    heard.failure = reader.read(piece);
    if (heard.failure != CloseCode::normal) break;
  }
  return heard;
}

TEST(FrameReader, EverySplitIsReadTheSame) {
  const std::string stream = frame(0x81, "one") + frame(0x01, "tw") + frame(0x89, "p") + frame(0x00, "o-") +
                             frame(0x80, "three") + frame(0x81, "") + frame(0x8a, "x") +
                             frame(0x81, std::string(300, 'z')) + frame(0x88, "\x03\xe8");
  const auto expected = ElementsAre("text:one", "ping:p", "text:two-three", "text:", "pong",
                                    "text:" + std::string(300, 'z'), "close:1000");
  EXPECT_THAT(read({stream}).said, expected);
  for (std::size_t i = 1; i < stream.size(); ++i) {
    const Heard heard = read({stream.substr(0, i), stream.substr(i)});
    ASSERT_THAT(heard.said, expected) << "split at " << i;
    ASSERT_EQ(heard.failure, CloseCode::normal);
  }
}

struct Breach {
  std::string bytes;
  CloseCode code;
};
class Breaches : public testing::TestWithParam<Breach> {};
TEST_P(Breaches, AreClosedWithTheCodeOfTheRfc) {
  const Heard heard = read({GetParam().bytes});
  EXPECT_EQ(heard.failure, GetParam().code);
  EXPECT_THAT(heard.said, ElementsAre());
}
INSTANTIATE_TEST_SUITE_P(
    Rfc6455, Breaches,
    testing::Values(
        Breach{frame(0x81, "a", false), CloseCode::protocol_error}, Breach{frame(0xc1, "a"), CloseCode::protocol_error},
        Breach{frame(0xa1, "a"), CloseCode::protocol_error}, Breach{frame(0x83, "a"), CloseCode::protocol_error},
        Breach{frame(0x8b, "a"), CloseCode::protocol_error}, Breach{frame(0x82, "a"), CloseCode::unsupported_frame},
        Breach{frame(0x09, "a"), CloseCode::protocol_error},
        Breach{frame(0x89, std::string(126, 'a')), CloseCode::protocol_error},
        Breach{frame(0x80, "a"), CloseCode::protocol_error},
        Breach{frame(0x01, "a") + frame(0x81, "b"), CloseCode::protocol_error},
        Breach{frame(0x81, "\xff"), CloseCode::invalid_utf8},
        Breach{frame(0x01, "\xe4") + frame(0x80, "\xb8"), CloseCode::invalid_utf8},
        Breach{frame(0x81, std::string(1001, 'a')), CloseCode::frame_too_large},
        Breach{frame(0x01, std::string(600, 'a')) + frame(0x80, std::string(600, 'a')), CloseCode::frame_too_large},
        Breach{frame(0x88, "\x03"), CloseCode::protocol_error},
        Breach{frame(0x88, "\x03\xed"), CloseCode::protocol_error},  // 1005
        Breach{frame(0x88, std::string("\x00\x00", 2)), CloseCode::protocol_error},
        Breach{frame(0x88, "\x03\xe8\xff"), CloseCode::invalid_utf8},
        // A length that is not written in its shortest form.
        Breach{std::string("\x81\xfe\x00\x05", 4) + std::string(9, 'a'), CloseCode::protocol_error}));

TEST(FrameReader, NothingIsReadBehindAClose) {
  EXPECT_THAT(read({frame(0x88, "\x0f\xa0") + frame(0x81, "late")}).said, ElementsAre("close:4000"));
  EXPECT_THAT(read({frame(0x88, ""), frame(0x81, "late")}).said, ElementsAre("close:1000"));
}

TEST(FrameReader, UtfEightMaySplitBetweenFragments) {
  EXPECT_THAT(read({frame(0x01, "\xe4") + frame(0x80, "\xb8\xad")}).said, ElementsAre("text:\xe4\xb8\xad"));
}

TEST(Websocket, AcceptKeyIsTheRfcsExample) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(accept_key("short"), "");
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZ!=="), "");
}

TEST(Websocket, FramesAreWrittenInTheShortestForm) {
  EXPECT_EQ(*encode_text_frame("ab"),
            "\x81\x02"
            "ab");
  EXPECT_EQ(encode_text_frame(std::string(125, 'a'))->size(), 127U);
  EXPECT_EQ(encode_text_frame(std::string(126, 'a'))->size(), 130U);
  EXPECT_EQ(encode_text_frame(std::string(65'536, 'a'))->size(), 65'546U);
  EXPECT_EQ(*encode_close_frame(CloseCode::slow_reader, "slow_reader"), std::string("\x88\x0d\x03\xf5slow_reader"));
}

}  // namespace
}  // namespace flashbid
