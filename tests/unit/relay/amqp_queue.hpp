// A virtual host of a RabbitMQ of the test binary's own, with events that a relay's sink has put there, and what stands
// in its queues, seen by the library alone. One thread.
#pragma once

#include <amqp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "relay/amqp/amqp_broker.hpp"
#include "relay/amqp/amqp_sink.hpp"
#include "relay/amqp/amqp_source.hpp"
#include "relay/envelope.hpp"
#include "support/auction_script.hpp"
#include "support/rabbitmq_server.hpp"

namespace flashbid::testing {

inline constexpr std::uint64_t amqp_shards = 2;

// A message that was got from a queue, and has left it.
struct Got {
  std::string body;
  std::string content_type;
  int delivery_mode = 0;
  std::map<std::string, std::string> headers;
};

class AmqpQueue {
 public:
  AmqpQueue() : url_(RabbitmqServer::shared().fresh_host()) {}

  [[nodiscard]] const AmqpUrl& url() const { return url_; }
  [[nodiscard]] AmqpSinkOptions sink_options() const {
    return {.ledger = "redis", .shards = amqp_shards, .secrets = true, .new_queues = Duration{0}};
  }
  [[nodiscard]] std::shared_ptr<AmqpBroker> broker(AmqpBrokerOptions options = {}) const {
    return std::make_shared<AmqpBroker>(url_, std::move(options));
  }

  // As any other program would: through the exchange, with shard 0's key.
  void publish(std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) const {
    amqp::Publisher publisher(url_, amqp::events_exchange, [](auto&, auto) { return Result<void>(); });
    const amqp::Message message{
        .routing_key = "shard.0", .content_type = "text/plain", .headers = std::move(headers), .body = std::move(body)};
    const auto published = publisher.publish(std::span(&message, 1));
    require(published.has_value(), published ? "" : published.error().detail);
  }
  // Another connection's look at it; what is got is gone.
  std::optional<Got> get(const std::string& queue) {
    auto connection = open();
    const auto reply = amqp_basic_get(connection->state(), 1, amqp::bytes_of(queue), 1);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL || reply.reply.id != AMQP_BASIC_GET_OK_METHOD) return std::nullopt;
    amqp_message_t message{};
    amqp_read_message(connection->state(), 1, &message, 0);
    Got got{.body = std::string(amqp::text_of(message.body)),
            .content_type = std::string(amqp::text_of(message.properties.content_type)),
            .delivery_mode = message.properties.delivery_mode};
    for (int k = 0; k < message.properties.headers.num_entries; ++k) {
      const auto& entry = message.properties.headers.entries[k];
      got.headers[std::string(amqp::text_of(entry.key))] = amqp::text_of(entry.value.value.bytes);
    }
    amqp_destroy_message(&message);
    return got;
  }
  // The next `count` messages of a shard, which stay in its queue: it takes a consumer to see them.
  [[nodiscard]] std::deque<AmqpBroker::Delivery> peek(std::uint64_t shard, std::size_t count) const {
    const auto broker = this->broker();
    const auto consumer = broker->consume(shard);
    require(consumer.has_value(), "the queue can be read");
    std::deque<AmqpBroker::Delivery> found;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (found.size() < count && std::chrono::steady_clock::now() < deadline) {
      for (auto& each : broker->take(*consumer).value()) found.push_back(std::move(each));
    }
    return found;
  }
  // Ready in it, and given to nobody.
  std::uint64_t length(const std::string& queue) {
    auto connection = open();
    const auto* there = amqp_queue_declare(connection->state(), 1, amqp::bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
    require(there != nullptr, "the queue is there");
    return there->message_count;
  }
  void remove(const std::string& queue) {
    auto connection = open();
    amqp_queue_delete(connection->state(), 1, amqp::bytes_of(queue), 0, 0);
    require(connection->check_last("deleting").has_value(), "the queue is deleted");
  }

 private:
  std::unique_ptr<amqp::Connection> open() {
    auto connection = amqp::Connection::open(url_, std::chrono::seconds{10});
    require(connection.has_value() && (*connection)->open_channel(1).has_value(), "RabbitMQ is there");
    return std::move(*connection);
  }

  AmqpUrl url_;
};

// Until something comes, a minute at most.
inline Result<SourceBatch> read_some(Source& source, std::size_t max = 1'000) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  for (;;) {
    auto batch = source.read(max);
    if (!batch || !batch->records.empty() || std::chrono::steady_clock::now() > deadline) return batch;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

// What is read within `time`, which should be nothing.
inline std::size_t read_nothing(Source& source, std::chrono::milliseconds time = std::chrono::milliseconds{200}) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto batch = source.read(1'000);
    if (!batch) ADD_FAILURE() << batch.error().detail;
    if (!batch || !batch->records.empty()) return batch ? batch->records.size() : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return 0;
}

inline std::vector<std::uint64_t> sequences_of(const SourceBatch& batch) {
  std::vector<std::uint64_t> found;
  for (const Record& record : batch.records) found.push_back(record.sequence.value());
  return found;
}

}  // namespace flashbid::testing
