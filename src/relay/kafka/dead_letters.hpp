// The topic that takes what can never be stored: TOPIC.dead, with the reason in a header. It is there for good before
// anybody passes it. Belongs to the relay's thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "relay/kafka/producer.hpp"

namespace flashbid::kafka {

class DeadLetters {
 public:
  [[nodiscard]] static Result<DeadLetters> open(const KafkaUrl& url, KafkaSettings settings) {
    auto producer = Producer::open(url, std::move(settings));
    if (!producer) return std::unexpected(std::move(producer.error()));
    return DeadLetters(url.topic + ".dead", std::move(*producer));
  }

  // `client`: a consumer, which makes the topic if there is none, with `partitions`.
  [[nodiscard]] Result<void> bury(std::vector<Message> letters, Client& client, std::uint64_t partitions,
                                  int replication, Duration wait) {
    if (letters.empty()) return {};
    if (partitions_ == 0) {
      const auto there = client.ensure_topic(topic_, partitions, replication, wait);
      if (!there) return std::unexpected(there.error());
      partitions_ = *there;
    }
    for (Message& letter : letters) letter.partition %= static_cast<std::int32_t>(partitions_);
    return producer_.send(topic_, letters, wait);
  }

 private:
  DeadLetters(std::string topic, Producer producer) : topic_(std::move(topic)), producer_(std::move(producer)) {}

  std::string topic_;
  Producer producer_;
  std::uint64_t partitions_ = 0;  // 0 = not known
};

}  // namespace flashbid::kafka
