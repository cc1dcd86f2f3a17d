// RabbitMQ as a relay reads it: one connection for all the shards that a worker holds, made when it is first needed and
// anew after each failure. Belongs to the relay's thread, with all sources made of it.
//
// Each source consumes on a channel of its own, and no channel's number is given out twice on one connection: whatever
// comes late for one that was closed is nobody's. A connection that is lost takes with it what was delivered on it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "relay/amqp/connection.hpp"
#include "relay/amqp/publisher.hpp"
#include "relay/amqp/topology.hpp"

namespace flashbid {

struct AmqpBrokerOptions {
  std::string queue{amqp::default_queue};  // of each shard, before .K
  std::uint16_t prefetch = 50;             // messages that a shard is given before it has told of any as stored
};

class AmqpBroker {
 public:
  // Messages that one source is given: on a channel of one connection.
  struct Consumer {
    std::uint64_t generation = 0;
    amqp_channel_t channel = 0;
  };
  struct Delivery {
    std::uint64_t tag = 0;
    std::string content_type;
    std::string id;
    std::optional<std::string> secrets;
    std::string body;
  };

  AmqpBroker(AmqpUrl url, AmqpBrokerOptions options);
  AmqpBroker(const AmqpBroker&) = delete;
  AmqpBroker& operator=(const AmqpBroker&) = delete;

  // How many shards what is read has: as many as there are queues. Failure::unavailable also if there are none yet.
  [[nodiscard]] Result<std::uint64_t> count_shards();

  // For its sources.
  [[nodiscard]] Result<Consumer> consume(std::uint64_t shard);
  // What it was given and has not told of returns to the queue.
  void let_go(const Consumer& consumer);
  [[nodiscard]] bool is_current(const Consumer& consumer) const;
  // What has come for it, without waiting.
  [[nodiscard]] Result<std::deque<Delivery>> take(const Consumer& consumer);
  // Only what is given to a consumer that is current; each message by itself.
  [[nodiscard]] Result<void> acknowledge(const Consumer& consumer, std::span<const std::uint64_t> tags);
  // Messages that wait in the queue, given to nobody.
  [[nodiscard]] Result<std::uint64_t> count_waiting(std::uint64_t shard);
  // Into the dead letters, for good.
  [[nodiscard]] Result<void> bury(std::span<const amqp::Message> messages) { return dead_letters_.publish(messages); }

 private:
  [[nodiscard]] Result<amqp_channel_t> open_channel(amqp::Connection& connection);
  [[nodiscard]] Result<std::uint64_t> count_queues(amqp::Connection& connection) const;
  [[nodiscard]] Result<void> receive(amqp::Connection& connection);
  void forget();

  AmqpBrokerOptions options_;
  std::optional<std::uint64_t> shards_;
  amqp_channel_t last_channel_ = 0;
  std::map<amqp_channel_t, std::deque<Delivery>> inboxes_;  // of this connection's consumers
  amqp::Publisher dead_letters_;
  amqp::Link link_;
};

}  // namespace flashbid
