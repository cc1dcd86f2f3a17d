// Where Kafka is, as one URL, and the settings of librdkafka that somebody wants beside it. Plain values: any thread.
//
//   kafka://host[:port][,host[:port]...][/topic]
//
// It holds no password: TLS and SASL are settings (security.protocol, ssl.ca.location, sasl.username, …).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace flashbid {

struct KafkaUrl {
  std::string servers;  // host:port[,host:port...]
  std::string topic = "flashbid.events";
};

// Names and values as librdkafka's CONFIGURATION.md has them.
using KafkaSettings = std::vector<std::pair<std::string, std::string>>;

// Failure::invalid with one line: what is wrong and what would be right.
[[nodiscard]] Result<KafkaUrl> parse_kafka_url(std::string_view text);

// Failure::invalid if one of them would take away what the relay promises, or what the URL says.
[[nodiscard]] Result<void> check_kafka_settings(const KafkaSettings& settings);

}  // namespace flashbid
