// A connection to RabbitMQ, and the one that is made anew after each failure. Belong to one thread; no call waits for
// ever: what the broker does not answer, and what it does not take, ends with the connection. Every failure is
// Failure::unavailable and one sentence that names the broker.
#pragma once

#include <amqp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "relay/amqp/tls.hpp"
#include "relay/amqp/url.hpp"

namespace flashbid::amqp {

// The library's view of a text; it must live as long as what it is given to.
[[nodiscard]] inline amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
[[nodiscard]] inline std::string_view text_of(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}
[[nodiscard]] timeval timeval_of(std::chrono::milliseconds time);

class Connection {
 public:
  // Heartbeats are sent while somebody calls: one that is rarely used wants a long one.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const AmqpUrl& url, std::chrono::seconds heartbeat);
  // With a goodbye, unless it has failed.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] amqp_connection_state_t state() const { return state_; }
  [[nodiscard]] Result<void> open_channel(amqp_channel_t channel);

  // What an answer says; once it is a failure the connection is good for nothing but being dropped. `doing` = what was
  // tried: "declaring queue x".
  [[nodiscard]] Result<void> check(const amqp_rpc_reply_t& reply, std::string_view doing);
  [[nodiscard]] Result<void> check(int status, std::string_view doing);
  // Of the last call that waited for an answer.
  [[nodiscard]] Result<void> check_last(std::string_view doing);
  // A failure that was told in a frame, or by the broker's silence.
  [[nodiscard]] std::unexpected<Error> failed(std::string_view what);
  // The same about a frame that nobody has asked for and that ends the connection or a channel; fine for any other.
  [[nodiscard]] Result<void> check(const amqp_frame_t& frame);
  // What must not go on though the connection may.
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const;

 private:
  explicit Connection(const AmqpUrl& url) : shown_(url.shown), state_(amqp_new_connection()) {}
  [[nodiscard]] Result<void> connect(const AmqpUrl& url);
  [[nodiscard]] Result<void> log_in(const AmqpUrl& url, std::chrono::seconds heartbeat);

  std::string shown_;
  CertificateCheck certificate_;
  amqp_connection_state_t state_;
  bool well_ = false;
};

// A connection that is made when it is needed.
class Link {
 public:
  using SetUp = std::function<Result<void>(Connection&)>;  // of each new connection
  Link(AmqpUrl url, std::chrono::seconds heartbeat, SetUp set_up)
      : url_(std::move(url)), heartbeat_(heartbeat), set_up_(std::move(set_up)) {}

  // Making one that fails is not tried again for a moment, so that many shards do not wait for the same.
  [[nodiscard]] Result<Connection*> connection();
  // The one that is there, or null.
  [[nodiscard]] Connection* present() const { return connection_.get(); }
  void drop() { connection_.reset(); }
  // Which one it is: nothing of an earlier one means anything to it.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] Result<void> make();

  AmqpUrl url_;
  std::chrono::seconds heartbeat_;
  SetUp set_up_;
  std::unique_ptr<Connection> connection_;
  std::uint64_t generation_ = 0;
  Clock::time_point quiet_until_;
  Error last_failure_;
};

}  // namespace flashbid::amqp
