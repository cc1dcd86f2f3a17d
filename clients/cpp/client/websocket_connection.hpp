// A WebSocket client connection (subprotocol flashbid.v1): whole text messages in and out, pings answered. wslay does
// the frames, in client mode. One coroutine reads; anybody on the thread of its io_context may send.
#pragma once

#include <wslay/wslay.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "client/line.hpp"

namespace flashbid::client {

class WebSocketConnection {
 public:
  // Begins at the `first` of the servers and goes on to the next one whenever it is not let in.
  WebSocketConnection(boost::asio::io_context& io, Deadlines& deadlines, const std::vector<Endpoint>& servers,
                      std::size_t first, std::string authority, std::string headers);
  ~WebSocketConnection();
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;

  // Connects and upgrades; false if that fails, with the reason in problem().
  [[nodiscard]] Awaitable<bool> open();
  // Queues one text message and sends what the socket takes; false if the connection is gone.
  bool send(std::string_view text);
  // The next text message, valid until the next call; false if the connection ended.
  [[nodiscard]] Awaitable<bool> next(std::string& text);
  // Ends a wait past `ns` of the monotonic clock by closing; 0 = no bound.
  void set_deadline(std::int64_t ns) { line_.set_deadline(ns); }
  void close() { line_.close(); }
  [[nodiscard]] bool is_open() const { return open_ && line_.is_open(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // The code of the server's close frame; 0 if it sent none.
  [[nodiscard]] unsigned close_code() const { return close_code_; }

 private:
  struct Callbacks;
  void start_frames();
  bool feed();
  void flush();
  [[nodiscard]] Awaitable<void> flush_when_writable();

  boost::asio::io_context& io_;
  Line line_;
  const std::vector<Endpoint>& servers_;
  std::size_t at_;
  std::string authority_;
  std::string headers_;   // of the handshake, beside those that it has anyway
  std::string incoming_;  // bytes that came; wslay has taken the first taken_
  std::size_t taken_ = 0;
  std::string outgoing_;  // bytes that the socket has not taken
  std::deque<std::string> messages_;
  wslay_event_context_ptr frames_ = nullptr;
  std::string problem_;
  unsigned close_code_ = 0;
  bool open_ = false;
  bool flushing_ = false;
};

}  // namespace flashbid::client
