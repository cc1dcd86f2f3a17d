#include "relay/kafka/kafka_sink.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "relay/kafka/event_message.hpp"

namespace flashbid {

KafkaSink::KafkaSink(KafkaUrl url, KafkaSettings settings, KafkaSinkOptions options, kafka::Producer producer)
    : url_(std::move(url)),
      settings_(std::move(settings)),
      options_(std::move(options)),
      producer_(std::move(producer)) {}

Result<std::unique_ptr<KafkaSink>> KafkaSink::open(KafkaUrl url, KafkaSettings settings, KafkaSinkOptions options) {
  auto producer = kafka::Producer::open(url, settings);
  if (!producer) return std::unexpected(std::move(producer.error()));
  return std::unique_ptr<KafkaSink>(
      new KafkaSink(std::move(url), std::move(settings), std::move(options), std::move(*producer)));
}

// A consumer asks: a producer that asks for a topic makes it, with as many partitions as the servers like.
Result<void> KafkaSink::prepare() {
  if (prepared_) return {};
  const auto client = kafka::Client::consumer(url_, settings_);
  if (!client) return std::unexpected(client.error());
  const auto partitions = (*client)->ensure_topic(url_.topic, options_.shards, options_.replication, options_.timeout);
  if (!partitions) return std::unexpected(partitions.error());
  if (*partitions < options_.shards) {
    return fail(
        Failure::invalid,
        fmt::format("topic {} has {} partitions, and the ledger {} shards, each of which needs its own: give the "
                    "topic more of them, or name another",
                    url_.topic, *partitions, options_.shards));
  }
  prepared_ = true;
  return {};
}

Result<Stored> KafkaSink::store(const ShardLease& lease, const SourceBatch& batch) {
  if (auto prepared = prepare(); !prepared) return std::unexpected(std::move(prepared.error()));
  const Origin origin{batch.queued ? batch.ledger : options_.ledger, options_.shards, lease.shard};
  std::vector<kafka::Message> messages;
  messages.reserve(batch.records.size());
  for (const Record& record : batch.records) messages.push_back(kafka::message_of(origin, record, options_.secrets));
  if (auto sent = producer_.send(url_.topic, messages, options_.timeout); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  return Stored{};
}

}  // namespace flashbid
