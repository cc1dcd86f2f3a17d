// Owns a handle of librdkafka: a producer's or a consumer's, which keeps its connections by itself, on its own threads.
// Belongs to one thread, which also hears of trouble, in serve(). Logs nothing: what went wrong is in the failures.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/releasing.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "relay/kafka/kafka_url.hpp"

namespace flashbid::kafka {

using Handle = std::unique_ptr<rd_kafka_t, Releasing<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Releasing<rd_kafka_topic_destroy>>;

using OnDelivery = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

class Client {
 public:
  // Does not wait for a connection. Failure::invalid with librdkafka's reason if a setting is wrong.
  [[nodiscard]] static Result<std::unique_ptr<Client>> producer(const KafkaUrl& url, const KafkaSettings& settings,
                                                                OnDelivery on_delivery);
  [[nodiscard]] static Result<std::unique_ptr<Client>> consumer(const KafkaUrl& url, const KafkaSettings& settings);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] rd_kafka_t* handle() const { return handle_.get(); }
  // Calls what waits to be called, for at most `wait`.
  void serve(Duration wait);
  [[nodiscard]] Result<Topic> topic(const std::string& name) const;
  // How many partitions the topic has; none = there is no such topic. Asks the servers.
  [[nodiscard]] Result<std::optional<std::uint64_t>> count_partitions(const std::string& topic, Duration wait);
  // Makes the topic if there is none; how many partitions it has then.
  [[nodiscard]] Result<std::uint64_t> ensure_topic(const std::string& topic, std::uint64_t partitions, int replication,
                                                   Duration wait);

  // `what` as one sentence, with where and the last trouble that there was.
  [[nodiscard]] std::unexpected<Error> failed(Failure failure, std::string_view what) const;
  // Whether anything has gone wrong since this was last asked: a connection, a login.
  [[nodiscard]] bool has_new_trouble() { return std::exchange(new_trouble_, false); }
  void forget_trouble() { trouble_.clear(); }

 private:
  explicit Client(std::string servers) : servers_(std::move(servers)) {}
  [[nodiscard]] static Result<std::unique_ptr<Client>> open(rd_kafka_type_t type, const KafkaUrl& url,
                                                            const KafkaSettings& settings, OnDelivery on_delivery);
  [[nodiscard]] Result<void> create_topic(const std::string& topic, std::uint64_t partitions, int replication,
                                          Duration wait);

  std::string servers_;
  std::string trouble_;  // the last; empty = none
  bool new_trouble_ = false;
  Handle handle_;
};

}  // namespace flashbid::kafka
