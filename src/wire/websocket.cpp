#include "wire/websocket.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <simdjson.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/assert.hpp"

namespace flashbid {
namespace {

constexpr std::size_t max_control_bytes = 125;

SharedBytes encode_frame(std::uint8_t opcode, std::string_view payload) {
  auto frame = std::make_shared<std::string>();
  frame->reserve(payload.size() + 10);
  frame->push_back(static_cast<char>(0x80U | opcode));
  const auto append_size = [&](int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      frame->push_back(static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xffU));
    }
  };
  if (payload.size() <= 125) {
    append_size(1);
  } else if (payload.size() <= 0xffff) {
    frame->push_back(126);
    append_size(2);
  } else {
    frame->push_back(127);
    append_size(8);
  }
  frame->append(payload);
  return frame;
}

// Whether a peer may send this close code (RFC 6455, 7.4).
bool may_be_sent(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  if (code < 1000 || code > 1014) return false;
  return code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::string_view to_text(CloseCode code) {
  switch (code) {
    case CloseCode::normal:
      return "";
    case CloseCode::going_away:
      return "going_away";
    case CloseCode::protocol_error:
      return "protocol_error";
    case CloseCode::unsupported_frame:
      return "unsupported_frame";
    case CloseCode::invalid_utf8:
      return "invalid_utf8";
    case CloseCode::policy:
      return "policy";
    case CloseCode::frame_too_large:
      return "frame_too_large";
    case CloseCode::slow_reader:
      return "slow_reader";
    case CloseCode::token_expired:
      return "token_expired";
    case CloseCode::forbidden:
      return "forbidden";
    case CloseCode::rate_limited:
      return "rate_limited";
  }
  return "";
}

std::string accept_key(std::string_view key) {
  if (key.size() != 24) return {};
  std::array<unsigned char, 18> nonce{};
  if (EVP_DecodeBlock(nonce.data(), reinterpret_cast<const unsigned char*>(key.data()), 24) != 18 ||
      !key.ends_with("==")) {
    return {};
  }
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

SharedBytes encode_text_frame(std::string_view text) { return encode_frame(WSLAY_TEXT_FRAME, text); }
SharedBytes encode_ping_frame() { return encode_frame(WSLAY_PING, {}); }
SharedBytes encode_pong_frame(std::string_view payload) { return encode_frame(WSLAY_PONG, payload); }

SharedBytes encode_close_frame(CloseCode code, std::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) >> 8U));
  payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) & 0xffU));
  payload.append(reason.substr(0, max_control_bytes - 2));
  return encode_frame(WSLAY_CONNECTION_CLOSE, payload);
}

FrameReader::FrameReader(Handler handler, std::size_t max_message_bytes)
    : handler_(std::move(handler)), max_message_bytes_(max_message_bytes) {
  const wslay_frame_callbacks callbacks{nullptr, &FrameReader::on_need, nullptr};
  require(wslay_frame_context_init(&context_, &callbacks, this) == 0, "there is memory for a frame reader");
}

FrameReader::~FrameReader() { wslay_frame_context_free(context_); }

ssize_t FrameReader::on_need(std::uint8_t* out, std::size_t size, int, void* self) {
  std::string_view& input = static_cast<FrameReader*>(self)->input_;
  if (input.empty()) return -1;
  const std::size_t taken = std::min(size, input.size());
  std::memcpy(out, input.data(), taken);
  input.remove_prefix(taken);
  return static_cast<ssize_t>(taken);
}

CloseCode FrameReader::read(std::string_view bytes) {
  input_ = bytes;
  while (!over_) {
    wslay_frame_iocb frame{};
    const ssize_t got = wslay_frame_recv(context_, &frame);
    if (got == WSLAY_ERR_WANT_READ) return CloseCode::normal;
    CloseCode failure = got < 0 ? CloseCode::protocol_error : CloseCode::normal;
    if (failure == CloseCode::normal && !in_frame_) {
      failure = check_header(frame);
      in_frame_ = true;
      opcode_ = frame.opcode;
      final_ = frame.fin != 0;
      missing_bytes_ = frame.payload_length;
    }
    if (failure == CloseCode::normal) {
      std::string& payload = opcode_ >= close ? control_ : message_;
      payload.append(reinterpret_cast<const char*>(frame.data), frame.data_length);
      missing_bytes_ -= frame.data_length;
      if (missing_bytes_ == 0) failure = finish_frame();
    }
    if (failure != CloseCode::normal) {
      over_ = true;
      return failure;
    }
  }
  return CloseCode::normal;
}

CloseCode FrameReader::check_header(const wslay_frame_iocb& frame) const {
  if (frame.mask == 0 || frame.rsv != 0) return CloseCode::protocol_error;
  switch (frame.opcode) {
    case close:
    case ping:
    case pong:
      return frame.fin != 0 && frame.payload_length <= max_control_bytes ? CloseCode::normal
                                                                         : CloseCode::protocol_error;
    case binary:
      return CloseCode::unsupported_frame;
    case text:
      if (in_message_) return CloseCode::protocol_error;
      break;
    case continuation:
      if (!in_message_) return CloseCode::protocol_error;
      break;
    default:
      return CloseCode::protocol_error;
  }
  const std::size_t so_far = frame.opcode == continuation ? message_.size() : 0;
  return frame.payload_length > max_message_bytes_ - so_far ? CloseCode::frame_too_large : CloseCode::normal;
}

CloseCode FrameReader::finish_frame() {
  in_frame_ = false;
  if (opcode_ >= close) return finish_control();
  in_message_ = !final_;
  return final_ ? finish_text() : CloseCode::normal;
}

CloseCode FrameReader::finish_control() {
  const std::string payload = std::exchange(control_, {});
  if (opcode_ == ping) handler_.on_ping(payload);
  if (opcode_ == pong) handler_.on_pong();
  if (opcode_ != close) return CloseCode::normal;
  if (payload.empty()) {
    over_ = true;
    handler_.on_close(CloseCode::normal);
    return CloseCode::normal;
  }
  if (payload.size() < 2) return CloseCode::protocol_error;
  const auto code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                               static_cast<unsigned char>(payload[1]));
  if (!may_be_sent(code)) return CloseCode::protocol_error;
  if (!simdjson::validate_utf8(payload.data() + 2, payload.size() - 2)) return CloseCode::invalid_utf8;
  over_ = true;
  handler_.on_close(static_cast<CloseCode>(code));
  return CloseCode::normal;
}

CloseCode FrameReader::finish_text() {
  std::string message = std::exchange(message_, {});
  if (!simdjson::validate_utf8(message)) return CloseCode::invalid_utf8;
  message.reserve(message.size() + simdjson::SIMDJSON_PADDING);
  if (!handler_.on_text(message)) over_ = true;
  message.clear();
  message_ = std::move(message);  // keeps its room for the next one
  return CloseCode::normal;
}

}  // namespace flashbid
