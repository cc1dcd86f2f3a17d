// What --to names: where events go. Called by the main thread; the sink belongs to the relay's.
#pragma once

#include <memory>
#include <string>

#include "app/relay_flags.hpp"
#include "app/relay_from.hpp"
#include "base/result.hpp"
#include "relay/archive_sink.hpp"
#include "relay/kafka/kafka_url.hpp"
#include "relay/sink.hpp"

namespace flashbid {

// --kafka-set NAME=VALUE, as often as given. Failure::invalid says which one is none.
[[nodiscard]] Result<KafkaSettings> kafka_settings(const RelayFlags& flags);

class RelayTo {
 public:
  // Checks what can be checked without a connection. Failure::invalid with one sentence.
  [[nodiscard]] static Result<RelayTo> parse(const RelayFlags& flags);

  // archive, rabbitmq, kafka or webhook: the name of metrics, and of readers that share the shards.
  [[nodiscard]] const std::string& hop() const { return hop_; }
  [[nodiscard]] bool is_archive() const { return hop_ == "archive"; }
  [[nodiscard]] const std::string& shown() const { return shown_; }  // for people, without a password

  // Failure::invalid if it cannot be used as it is.
  [[nodiscard]] Result<std::unique_ptr<Sink>> open(const RelayFrom& from) const { return open_(from); }

 private:
  std::string hop_;
  std::string shown_;
  std::function<Result<std::unique_ptr<Sink>>(const RelayFrom&)> open_;
};

}  // namespace flashbid
