// RabbitMQ as a relay's sink: up to 100 events a message, to flashbid.events with the shard's key. Belongs to the
// relay's thread. It declares what it publishes to (topology.hpp), and refuses nothing: whoever reads finds duplicates.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "relay/amqp/publisher.hpp"
#include "relay/amqp/topology.hpp"
#include "relay/envelope.hpp"
#include "relay/sink.hpp"

namespace flashbid {

struct AmqpSinkOptions {
  std::string queue{amqp::default_queue};  // of each shard, before .K
  std::string ledger;                      // kind of what is read, where a batch does not say
  std::uint64_t shards = 1;
  bool secrets = false;  // also what the public may not see, in a header
  // Nothing is put into queues that were not there before: RabbitMQ 3.10 lets three seconds pass before a new quorum
  // queue is on the disk, and if it is killed meanwhile loses it with all that it has confirmed.
  Duration new_queues{5'000};
};

class AmqpSink final : public Sink {
 public:
  AmqpSink(AmqpUrl url, AmqpSinkOptions options);
  AmqpSink(const AmqpSink&) = delete;
  AmqpSink& operator=(const AmqpSink&) = delete;

  // Failure::unavailable, also under one of the broker's alarms, which it names.
  [[nodiscard]] Result<Stored> store(const ShardLease& lease, const SourceBatch& batch) override;
  // Keeps the connection alive.
  [[nodiscard]] Result<bool> tidy() override;

 private:
  [[nodiscard]] Result<void> declare(amqp::Connection& connection, amqp_channel_t channel);
  [[nodiscard]] amqp::Message message_of(const Origin& origin, std::span<const Record> records) const;

  AmqpSinkOptions options_;
  std::chrono::steady_clock::time_point new_until_;
  amqp::Publisher publisher_;
};

}  // namespace flashbid
