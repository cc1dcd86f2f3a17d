// Puts messages into RabbitMQ for good: persistent, mandatory, confirmed. Belongs to one thread.
//
// Pipelined, on a connection of its own: the broker stops reading from one that publishes under an alarm, and nobody
// else should stand behind that.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "relay/amqp/connection.hpp"

namespace flashbid::amqp {

struct Message {
  std::string routing_key;
  std::string content_type;
  std::string id;
  Timestamp at;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Publisher {
 public:
  // `declare` what is published to, on the channel it is told, whenever a connection is made.
  using Declare = std::function<Result<void>(Connection&, amqp_channel_t)>;
  Publisher(AmqpUrl url, std::string_view exchange, Declare declare);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Success once all are confirmed, each by the queues that it was routed to; otherwise some of them may be there.
  [[nodiscard]] Result<void> publish(std::span<const Message> messages);
  // Answers what the broker has said meanwhile, so that a connection which has nothing to do stays.
  void keep_alive();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] Result<void> set_up(Connection& connection);
  [[nodiscard]] Result<Connection*> ready();
  [[nodiscard]] Result<void> send(Connection& connection, const Message& message);
  [[nodiscard]] Result<void> publish_all(Connection& connection, std::span<const Message> messages);
  [[nodiscard]] Result<void> await_confirms(Connection& connection);
  // Reads what has come, waiting for the first of it until `deadline`.
  [[nodiscard]] Result<void> listen(Connection& connection, Clock::time_point deadline);
  [[nodiscard]] Result<void> take(Connection& connection, const amqp_frame_t& frame);
  [[nodiscard]] Result<void> take_returned(Connection& connection, const amqp_frame_t& frame);
  void settle(std::uint64_t tag, bool multiple);
  [[nodiscard]] Result<void> check_refused(Connection& connection) const;

  std::string exchange_;
  Declare declare_;
  std::uint64_t published_ = 0;          // on this channel: the last one's tag
  std::set<std::uint64_t> unconfirmed_;  // their tags
  std::optional<std::string> alarm_;     // which one the broker has told us of
  std::optional<std::string> refused_;   // what it said about a message of this turn
  Link link_;
};

}  // namespace flashbid::amqp
