// WebSocket frames (RFC 6455) out of bytes and into bytes, without I/O: wslay reads, we write. A reader belongs to
// one connection on its loop; the functions are pure.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/executor.hpp"

struct wslay_frame_context;
struct wslay_frame_iocb;

namespace flashbid {

inline constexpr std::string_view websocket_protocol = "flashbid.v1";

enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_frame = 1003,
  invalid_utf8 = 1007,
  policy = 1008,
  frame_too_large = 1009,
  slow_reader = 1013,
  token_expired = 4401,
  forbidden = 4403,
  rate_limited = 4429,
};
[[nodiscard]] std::string_view to_text(CloseCode code);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key; empty if the key is not 16 bytes in base64.
[[nodiscard]] std::string accept_key(std::string_view key);

// A whole unmasked frame, as a server sends it.
[[nodiscard]] SharedBytes encode_text_frame(std::string_view text);
[[nodiscard]] SharedBytes encode_ping_frame();
[[nodiscard]] SharedBytes encode_pong_frame(std::string_view payload);
[[nodiscard]] SharedBytes encode_close_frame(CloseCode code, std::string_view reason);

// The server's side of reading: masks required, texts only, fragments joined, everything else refused with the close
// code that RFC 6455 names.
class FrameReader {
 public:
  struct Handler {
    // A whole text; json_padding readable bytes stand behind it. False stops the reading of what was received.
    std::function<bool(std::string_view text)> on_text;
    std::function<void(std::string_view payload)> on_ping;
    std::function<void()> on_pong;
    std::function<void(CloseCode answer)> on_close;  // the peer closes; answer with this code
  };

  FrameReader(Handler handler, std::size_t max_message_bytes);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Takes what was received. Returns the code to close with if the peer broke the protocol, else `normal`.
  [[nodiscard]] CloseCode read(std::string_view bytes);

 private:
  // The kind of the message or control frame in hand.
  enum Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

  static ssize_t on_need(std::uint8_t* out, std::size_t size, int flags, void* self);
  [[nodiscard]] CloseCode check_header(const wslay_frame_iocb& frame) const;
  [[nodiscard]] CloseCode finish_frame();
  [[nodiscard]] CloseCode finish_control();
  [[nodiscard]] CloseCode finish_text();

  Handler handler_;
  const std::size_t max_message_bytes_;
  wslay_frame_context* context_ = nullptr;
  std::string_view input_;

  // The frame in hand.
  bool in_frame_ = false;
  std::uint8_t opcode_ = 0;
  bool final_ = false;
  std::uint64_t missing_bytes_ = 0;
  std::string control_;  // payload of a control frame, which may stand between the fragments of a message

  bool in_message_ = false;  // a text has begun and its last fragment has not come
  std::string message_;
  bool over_ = false;  // closed, stopped or failed: nothing more is read
};

}  // namespace flashbid
