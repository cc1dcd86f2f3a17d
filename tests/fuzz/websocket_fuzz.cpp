// Any bytes on a WebSocket: the same messages and the same end however they arrive; only whole, valid, short texts.
#include "fuzz.hpp"
#include "wire/websocket.hpp"

namespace flashbid::fuzz {
namespace {

constexpr std::size_t most_message_bytes = 300;

struct Heard {
  std::vector<std::string> said;
  CloseCode failure = CloseCode::normal;
  bool operator==(const Heard&) const = default;
};

Heard hear(const std::vector<std::string>& pieces) {
  Heard heard;
  bool closed = false;
  const auto say = [&](std::string text) {
    must(!closed, "nothing is read behind a close");
    heard.said.push_back(std::move(text));
  };
  FrameReader reader({[&](std::string_view text) {
                        must(text.size() <= most_message_bytes, "a message keeps to its limit");
                        must(simdjson::validate_utf8(text.data(), text.size()), "a text is UTF-8");
                        say("text:" + std::string(text));
                        return text != "stop";
                      },
                      [&](std::string_view payload) {
                        must(payload.size() <= 125, "a control frame is short");
                        must(encode_pong_frame(payload)->size() == payload.size() + 2, "a ping can be answered");
                        say("ping:" + std::string(payload));
                      },
                      [&] { say("pong"); },
                      [&](CloseCode code) {
                        say("close:" + std::to_string(static_cast<int>(code)));
                        closed = true;
                      }},
                     most_message_bytes);
  for (const std::string& piece : pieces) {
    heard.failure = reader.read(piece);
    if (heard.failure != CloseCode::normal) {
      closed = true;
      must(reader.read("\x81\x80"
                       "abcd") == CloseCode::normal,
           "a failure is told once");
      break;
    }
  }
  return heard;
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid::fuzz;
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  const Heard whole = hear({std::string(stream)});
  for (const std::size_t most : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
    must(hear(in_pieces(stream, most)) == whole, "messages do not depend on how their bytes arrive");
  }
  return 0;
}
