// How an event lies in Kafka. Pure; any thread.
#pragma once

#include <span>

#include "relay/envelope.hpp"
#include "relay/kafka/producer.hpp"

namespace flashbid::kafka {

inline constexpr const char* type_header = "content-type";

// Key: the auction; value: one envelope; partition: the shard.
[[nodiscard]] inline Message message_of(const Origin& origin, const Record& record, bool secrets) {
  Message message;
  message.partition = static_cast<std::int32_t>(origin.shard);
  message.key = std::to_string(record.auction.value());
  encode_envelope(origin, record, message.value);
  message.headers.emplace_back(type_header, envelope_type);
  if (secrets) message.headers.emplace_back(secrets_header, encode_secrets(std::span(&record, 1)));
  return message;
}

}  // namespace flashbid::kafka
