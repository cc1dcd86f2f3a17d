#include "relay/kafka/kafka_broker.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/system_clock.hpp"
#include "relay/kafka/kafka_source.hpp"

namespace flashbid {
namespace {

constexpr Duration ask{2'000};
// While something seems wrong: how long the servers are asked, and how often.
constexpr Duration look_for{500};
constexpr std::int64_t look_every_ms = 1'000;

std::int32_t partition_of(std::uint64_t shard) { return static_cast<std::int32_t>(shard); }

}  // namespace

KafkaBroker::KafkaBroker(KafkaUrl url, KafkaSourceOptions options, std::unique_ptr<kafka::Client> client,
                         kafka::Topic topic, kafka::DeadLetters dead_letters)
    : url_(std::move(url)),
      options_(options),
      client_(std::move(client)),
      topic_(std::move(topic)),
      dead_letters_(std::move(dead_letters)) {}

Result<std::shared_ptr<KafkaBroker>> KafkaBroker::open(KafkaUrl url, KafkaSettings settings,
                                                       KafkaSourceOptions options) {
  auto client = kafka::Client::consumer(url, settings);
  if (!client) return std::unexpected(std::move(client.error()));
  auto topic = (*client)->topic(url.topic);
  if (!topic) return std::unexpected(std::move(topic.error()));
  auto dead_letters = kafka::DeadLetters::open(url, std::move(settings));
  if (!dead_letters) return std::unexpected(std::move(dead_letters.error()));
  return std::shared_ptr<KafkaBroker>(
      new KafkaBroker(std::move(url), options, std::move(*client), std::move(*topic), std::move(*dead_letters)));
}

Result<std::uint64_t> KafkaBroker::count_shards() {
  const auto partitions = client_->count_partitions(url_.topic, ask);
  if (!partitions) return std::unexpected(partitions.error());
  if (partitions->value_or(0) == 0) {
    return failed(Failure::unavailable,
                  fmt::format("there is no topic {} yet: start the relay that writes to it", url_.topic));
  }
  shards_ = **partitions;
  return shards_;
}

Result<std::unique_ptr<Source>> KafkaBroker::source(std::uint64_t shard) {
  if (shards_ == 0) {
    if (auto counted = count_shards(); !counted) return std::unexpected(std::move(counted.error()));
  }
  return std::make_unique<KafkaSource>(shared_from_this(), shard, shards_);
}

Result<void> KafkaBroker::start(std::uint64_t shard, std::int64_t offset) {
  if (rd_kafka_consume_start(topic_.get(), partition_of(shard), offset) == 0) {
    reading_.insert(shard);
    return {};
  }
  return failed(Failure::unavailable, fmt::format("topic {}, partition {} cannot be read: {}", url_.topic, shard,
                                                  rd_kafka_err2str(rd_kafka_last_error())));
}

void KafkaBroker::stop(std::uint64_t shard) {
  rd_kafka_consume_stop(topic_.get(), partition_of(shard));
  reading_.erase(shard);
  suspect_.erase(shard);
}

Result<KafkaBroker::Messages> KafkaBroker::take(std::uint64_t shard, std::size_t max) {
  client_->serve({});
  if (client_->has_new_trouble()) suspect_ = reading_;
  std::vector<rd_kafka_message_t*> taken(max);
  const ssize_t count = rd_kafka_consume_batch(topic_.get(), partition_of(shard), 0, taken.data(), max);
  if (count < 0) {
    return failed(Failure::unavailable, fmt::format("topic {}, partition {}: {}", url_.topic, shard,
                                                    rd_kafka_err2str(rd_kafka_last_error())));
  }
  taken.resize(static_cast<std::size_t>(count));
  Messages messages(taken.begin(), taken.end());
  if (messages.empty()) {
    if (auto looked = look(shard); !looked) return std::unexpected(std::move(looked.error()));
  }
  return messages;
}

// librdkafka reads on by itself when the servers are back, and until then says nothing: that nothing came may mean that
// there is nothing, or that nobody could be asked.
Result<void> KafkaBroker::look(std::uint64_t shard) {
  if (!suspect_.contains(shard)) return {};
  if (steady_ms() >= look_at_) {
    if (ask_offset(shard, RD_KAFKA_OFFSET_END, look_for)) {
      suspect_.erase(shard);
      if (suspect_.empty()) client_->forget_trouble();
      return {};
    }
    look_at_ = steady_ms() + look_every_ms;
  }
  return failed(Failure::unavailable, fmt::format("topic {}, partition {} cannot be read", url_.topic, shard));
}

// Not rd_kafka_query_watermark_offsets(), which waits for servers that are down, however long.
Result<std::int64_t> KafkaBroker::ask_offset(std::uint64_t shard, std::int64_t which, Duration wait) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, Releasing<rd_kafka_topic_partition_list_destroy>> asked(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t& partition =
      *rd_kafka_topic_partition_list_add(asked.get(), url_.topic.c_str(), partition_of(shard));
  partition.offset = which;
  auto error = rd_kafka_offsets_for_times(client_->handle(), asked.get(), static_cast<int>(wait.ms));
  client_->serve({});
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = partition.err;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && partition.offset >= 0) return partition.offset;
  return failed(Failure::unavailable, fmt::format("topic {}, partition {} does not tell what it holds: {}", url_.topic,
                                                  shard, rd_kafka_err2str(error)));
}

Result<KafkaBroker::Extent> KafkaBroker::extent(std::uint64_t shard) {
  const auto low = ask_offset(shard, RD_KAFKA_OFFSET_BEGINNING, ask);
  if (!low) return std::unexpected(low.error());
  const auto high = ask_offset(shard, RD_KAFKA_OFFSET_END, ask);
  if (!high) return std::unexpected(high.error());
  return Extent{*low, *high};
}

KafkaBroker::Extent KafkaBroker::known_extent(std::uint64_t shard) const {
  Extent known;
  rd_kafka_get_watermark_offsets(client_->handle(), url_.topic.c_str(), partition_of(shard), &known.low, &known.high);
  return known;
}

Result<void> KafkaBroker::bury(std::vector<kafka::Message> letters) {
  return dead_letters_.bury(std::move(letters), *client_, shards_, options_.replication, options_.timeout);
}

}  // namespace flashbid
