// Writes messages to Kafka, and waits until all of them are there for good. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "relay/kafka/client.hpp"

namespace flashbid::kafka {

struct Message {
  std::int32_t partition = 0;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};

class Producer {
 public:
  [[nodiscard]] static Result<Producer> open(KafkaUrl url, KafkaSettings settings);

  // Returns once all replicas in step have all of them, in this order in each partition. After a failure some may be
  // there, and be followed by all of them once they are sent again.
  //   Failure::unavailable  surely none is there     Failure::outcome_unknown  some may be there
  //   Failure::invalid      one is larger than the settings allow
  [[nodiscard]] Result<void> send(const std::string& topic, std::span<const Message> messages, Duration wait);

 private:
  struct Deliveries;
  Producer(KafkaUrl url, KafkaSettings settings) : url_(std::move(url)), settings_(std::move(settings)) {}
  [[nodiscard]] Result<void> connect();
  void send_all(const std::string& topic, std::span<const Message> messages, std::int64_t until,
                Deliveries& deliveries);
  [[nodiscard]] std::unexpected<Error> failed(const Deliveries& deliveries, std::string_view topic,
                                              Duration wait) const;

  KafkaUrl url_;
  KafkaSettings settings_;
  std::unique_ptr<Client> client_;  // none after a failure
};

}  // namespace flashbid::kafka
