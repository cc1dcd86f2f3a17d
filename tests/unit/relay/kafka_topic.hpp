// A topic of brokers of a test's own, and what tests write to it and read from it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/record_of_event.hpp"
#include "relay/kafka/kafka_broker.hpp"
#include "relay/kafka/kafka_sink.hpp"
#include "support/kafka_cluster.hpp"

namespace flashbid::testing {

inline Record event_of(std::uint64_t auction, std::uint64_t sequence, std::string secret = {}) {
  auto record = record_of_event(fmt::format(R"({{"auction_id":{},"epoch":1,"sequence":{},"event":"opened",)"
                                            R"("at":"2026-01-31T08:00:00.000Z"}})",
                                            auction, sequence),
                                std::move(secret));
  EXPECT_TRUE(record) << record.error().detail;
  return record ? std::move(*record) : Record{};
}

inline SourceBatch events_of(std::uint64_t auction, std::uint64_t first, std::uint64_t last) {
  SourceBatch batch;
  batch.records.reserve(last - first + 1);
  for (std::uint64_t sequence = first; sequence <= last; ++sequence)
    batch.records.push_back(event_of(auction, sequence));
  return batch;
}

inline std::vector<std::uint64_t> sequences(const SourceBatch& batch) {
  std::vector<std::uint64_t> numbers;
  for (const Record& record : batch.records) numbers.push_back(record.sequence.value());
  return numbers;
}

// A message as Kafka has it.
struct Raw {
  explicit Raw(const rd_kafka_message_t& message)
      : key(static_cast<const char*>(message.key), message.key_len),
        value(static_cast<const char*>(message.payload), message.len) {
    rd_kafka_headers_t* found = nullptr;
    if (rd_kafka_message_headers(&message, &found) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* text = nullptr;
    std::size_t size = 0;
    for (std::size_t k = 0; rd_kafka_header_get_all(found, k, &name, &text, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++k) {
      headers[name] = std::string(static_cast<const char*>(text), size);
    }
  }
  std::string key, value;
  std::map<std::string, std::string> headers;
};

class KafkaTopic {
 public:
  static constexpr int shards = 2;

  explicit KafkaTopic(int brokers = 1) : cluster(brokers) {
    for (const char* topic : {"bids", "bids.dead"}) require(cluster.create(topic, shards, brokers), "a topic");
  }

  [[nodiscard]] KafkaUrl url(std::string topic = "bids") const { return {cluster.servers(), std::move(topic)}; }
  [[nodiscard]] std::unique_ptr<KafkaSink> sink(Duration timeout = {10'000}) const {
    auto sink = KafkaSink::open(url(), {}, {.ledger = "redis", .shards = shards, .secrets = true, .timeout = timeout});
    require(sink.has_value(), "a sink");
    return std::move(*sink);
  }
  [[nodiscard]] std::shared_ptr<KafkaBroker> broker(KafkaSourceOptions options = {}) const {
    auto broker = KafkaBroker::open(url(), {}, options);
    require(broker.has_value(), "a broker");
    return std::move(*broker);
  }
  // A source of shard 1, begun.
  [[nodiscard]] std::unique_ptr<Source> source(std::string_view position = {}, KafkaSourceOptions options = {}) const {
    auto source = broker(options)->source(1);
    require(source.has_value() && (*source)->begin(position).has_value(), "a source");
    return std::move(*source);
  }

  static void store(Sink& sink, const SourceBatch& batch) {
    const auto stored = sink.store({.shard = 1, .token = 1, .position = {}}, batch);
    EXPECT_TRUE(stored) << stored.error().detail;
  }
  // The next batch that has events.
  static SourceBatch read(Source& source, std::size_t max = 1'000) {
    SourceBatch read;
    wait_for([&] {
      auto batch = source.read(max);
      EXPECT_TRUE(batch) << batch.error().detail;
      if (!batch) return true;
      read = std::move(*batch);
      return !read.records.empty();
    });
    return read;
  }
  // The first `count` messages of a partition.
  [[nodiscard]] std::vector<Raw> raw(std::string topic, std::uint64_t partition, std::size_t count) const {
    const auto broker = KafkaBroker::open(url(std::move(topic)), {});
    require(broker.has_value() && (*broker)->start(partition, RD_KAFKA_OFFSET_BEGINNING).has_value(), "a partition");
    std::vector<Raw> all;
    wait_for([&] {
      const auto some = (*broker)->take(partition, count);
      if (!some) return false;
      for (const auto& message : *some) all.emplace_back(*message);
      return all.size() >= count;
    });
    (*broker)->stop(partition);
    return all;
  }

  static void wait_for(const std::function<bool()>& holds, std::chrono::seconds longest = std::chrono::seconds{60}) {
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never came";
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }

  KafkaCluster cluster;
};

}  // namespace flashbid::testing
