// One WebSocket to the house that comes back by itself: says who asks first, measures the clock, and takes silence for
// death. Lives on the thread of its io_context, and until that has stopped.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "client/backoff.hpp"
#include "client/frames.hpp"
#include "client/servers.hpp"
#include "client/websocket_connection.hpp"

namespace flashbid::client {

// Port: what happens on the socket.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  virtual void opened() = 0;            // said who asks as far as there is something to say: subscribe now
  virtual void lost() = 0;              // what was in flight has no answer
  virtual void frame(Frame frame) = 0;  // any but those of the clock
  virtual void clock(Time sent, Time heard, Time server_time) = 0;
};

class Stream {
 public:
  Stream(boost::asio::io_context& io, Deadlines& deadlines, Servers& servers, Who who, Chance chance,
         StreamEvents& events);

  // From the first call on there is a socket, or one is tried for.
  void start();
  // Whether it left; a frame that did not is not kept.
  bool send(std::string_view frame) { return is_live_ && connection_.send(frame); }
  // From now on, and at once if there is a socket.
  void renew(Who who);

 private:
  struct Question {
    std::string id;
    Time sent;
  };
  [[nodiscard]] Awaitable<void> run();
  [[nodiscard]] Awaitable<void> keep_asking();
  [[nodiscard]] Awaitable<void> live();
  [[nodiscard]] Awaitable<void> pause(Milliseconds length);
  void ask();
  void hear(const std::string& text);

  boost::asio::io_context& io_;
  Servers& servers_;
  Who who_;
  Backoff backoff_;
  StreamEvents& events_;
  WebSocketConnection connection_;
  FrameReader reader_;
  boost::asio::steady_timer coming_back_;
  boost::asio::steady_timer next_question_;
  std::deque<Question> asked_;   // without an answer, the oldest first
  std::uint64_t questions_ = 0;  // of this socket
  std::uint64_t last_question_ = 0;
  bool has_started_ = false;
  bool is_live_ = false;
};

}  // namespace flashbid::client
