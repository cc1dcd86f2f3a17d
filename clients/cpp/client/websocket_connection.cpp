#include "client/websocket_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>
#include <random>

#include "client/response_reader.hpp"

namespace flashbid::client {
namespace {

constexpr std::int64_t upgrade_timeout_ns = 10'000'000'000;
// The handshake's key proves nothing here, and masks protect from proxies that are not there: fixed ones do.
constexpr std::string_view key = "Zmxhc2hiaWQtYm90cy4uLg==";
constexpr std::string_view accepted_key = "glqKfcKnivTztP1qyUk8VIQ37AM=";

}  // namespace

struct WebSocketConnection::Callbacks {
  static WebSocketConnection& self(void* user) { return *static_cast<WebSocketConnection*>(user); }

  static ssize_t receive(wslay_event_context_ptr frames, std::uint8_t* out, std::size_t room, int, void* user) {
    WebSocketConnection& connection = self(user);
    const std::string_view incoming = std::string_view(connection.incoming_).substr(connection.taken_);
    if (incoming.empty()) {
      wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t count = std::min(room, incoming.size());
    std::memcpy(out, incoming.data(), count);
    connection.taken_ += count;
    return static_cast<ssize_t>(count);
  }

  static ssize_t send(wslay_event_context_ptr, const std::uint8_t* bytes, std::size_t size, int, void* user) {
    self(user).outgoing_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<ssize_t>(size);
  }

  static int mask(wslay_event_context_ptr, std::uint8_t* out, std::size_t size, void*) {
    std::memset(out, 0x5a, size);
    return 0;
  }

  static void message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message, void* user) {
    WebSocketConnection& connection = self(user);
    if (message->opcode == WSLAY_TEXT_FRAME) {
      connection.messages_.emplace_back(reinterpret_cast<const char*>(message->msg), message->msg_length);
    } else if (message->opcode == WSLAY_CONNECTION_CLOSE) {
      connection.close_code_ = message->status_code;
    }
  }
};

WebSocketConnection::WebSocketConnection(boost::asio::io_context& io, Deadlines& deadlines,
                                         const std::vector<Endpoint>& servers, std::size_t first, std::string authority,
                                         std::string headers)
    : io_(io),
      line_(io, deadlines),
      servers_(servers),
      at_(first),
      authority_(std::move(authority)),
      headers_(std::move(headers)) {}

WebSocketConnection::~WebSocketConnection() {
  if (frames_ != nullptr) wslay_event_context_free(frames_);
}

void WebSocketConnection::start_frames() {
  if (frames_ != nullptr) wslay_event_context_free(frames_);
  frames_ = nullptr;
  const wslay_event_callbacks callbacks{Callbacks::receive, Callbacks::send, Callbacks::mask, nullptr, nullptr, nullptr,
                                        Callbacks::message};
  wslay_event_context_client_init(&frames_, &callbacks, this);
}

Awaitable<bool> WebSocketConnection::open() {
  open_ = false;
  incoming_.clear();
  taken_ = 0;
  outgoing_.clear();
  messages_.clear();
  close_code_ = 0;
  problem_ = "the server cannot be reached";
  if (!co_await line_.connect(servers_, at_)) co_return false;
  line_.set_deadline(now_ns() + upgrade_timeout_ns);
  const std::string request = fmt::format(
      "GET /v1/stream HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
      "13\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: flashbid.v1\r\n{}\r\n",
      authority_, key, headers_);
  problem_ = "the connection was lost during the upgrade";
  if (!co_await line_.send(request)) co_return false;
  Response response;
  ReadResult result = ReadResult::need_more;
  while (result == ReadResult::need_more) {
    if (!co_await line_.read_some(incoming_)) co_return false;
    result = read_response(incoming_, response);
  }
  const std::string_view head = std::string_view(incoming_).substr(0, response.size);
  if (result != ReadResult::complete || response.status != 101) {
    problem_ = fmt::format("the upgrade was answered with status {}", response.status);
  } else if (header_value(head, "sec-websocket-accept") != accepted_key) {
    problem_ = "the upgrade was answered with a wrong Sec-WebSocket-Accept";
  } else if (header_value(head, "sec-websocket-protocol") != "flashbid.v1") {
    problem_ = "the upgrade was answered without the subprotocol flashbid.v1";
  } else {
    problem_.clear();
  }
  line_.set_deadline(0);
  if (!problem_.empty()) {
    line_.close();
    co_return false;
  }
  taken_ = response.size;
  start_frames();
  open_ = true;
  co_return true;
}

bool WebSocketConnection::send(std::string_view text) {
  if (!is_open()) return false;
  const wslay_event_msg message{WSLAY_TEXT_FRAME, reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  if (wslay_event_queue_msg(frames_, &message) != 0 || wslay_event_send(frames_) != 0) return false;
  flush();
  return is_open();
}

bool WebSocketConnection::feed() {
  const bool fine = wslay_event_recv(frames_) == 0;
  if (wslay_event_want_write(frames_) != 0 && wslay_event_send(frames_) == 0) flush();
  if (!fine) problem_ = "the server sent a malformed frame";
  return fine && close_code_ == 0 && wslay_event_get_close_received(frames_) == 0;
}

Awaitable<bool> WebSocketConnection::next(std::string& text) {
  for (;;) {
    if (!messages_.empty()) {
      text.swap(messages_.front());
      messages_.pop_front();
      co_return true;
    }
    if (!is_open()) co_return false;
    if (taken_ == incoming_.size()) {
      incoming_.clear();
      taken_ = 0;
    }
    if (incoming_.empty() && !co_await line_.read_some(incoming_)) co_return false;
    if (feed()) continue;
    open_ = !messages_.empty();  // what came before the close is still told
    if (!open_) line_.close();
  }
}

void WebSocketConnection::flush() {
  if (flushing_ || outgoing_.empty()) return;
  const std::ptrdiff_t sent = line_.send_now(outgoing_);
  if (sent < 0) return;
  outgoing_.erase(0, static_cast<std::size_t>(sent));
  if (outgoing_.empty()) return;
  flushing_ = true;
  boost::asio::co_spawn(io_, flush_when_writable(), boost::asio::detached);
}

Awaitable<void> WebSocketConnection::flush_when_writable() {
  const bool writable = co_await line_.wait_writable();
  flushing_ = false;
  if (writable) flush();
}

}  // namespace flashbid::client
