// Brokers that speak Kafka's protocol, of librdkafka's mock cluster, on free ports of loopback: they keep at most 5 MiB
// a partition, in memory only, take a message of an idempotent producer twice, and make any topic that is asked for.
// They may be asked for trouble. Any thread.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::testing {

// Requests that can be made to fail, by their number in the protocol.
inline constexpr std::int16_t produce_request = 0;
inline constexpr std::int16_t fetch_request = 1;

class KafkaCluster {
 public:
  explicit KafkaCluster(int brokers = 1)
      : handle_(quiet_handle()), cluster_(rd_kafka_mock_cluster_new(handle_, brokers)) {
    require(cluster_ != nullptr, "a mock cluster");
  }
  ~KafkaCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  [[nodiscard]] std::string servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

  // Each answers whether it could be done. `broker` counts from 1; -1 = all of them.
  bool create(const std::string& topic, int partitions, int replication = 1) {
    return done(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, replication));
  }
  // Asked for this topic, the brokers answer with Kafka's error `code`; 0 = no longer.
  void hide(const std::string& topic, int code) {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), static_cast<rd_kafka_resp_err_t>(code));
  }
  bool lead(const std::string& topic, int partition, int broker) {
    return done(rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker));
  }
  bool down(int broker) { return done(rd_kafka_mock_broker_set_down(cluster_, broker)); }
  bool up(int broker) { return done(rd_kafka_mock_broker_set_up(cluster_, broker)); }
  bool delay(int broker, int ms) { return done(rd_kafka_mock_broker_set_rtt(cluster_, broker, ms)); }
  // The next `count` requests of this kind fail with Kafka's error `code`; -195 = the connection breaks.
  bool fail(std::int16_t request, int code, std::size_t count) {
    const std::vector<rd_kafka_resp_err_t> errors(count, static_cast<rd_kafka_resp_err_t>(code));
    rd_kafka_mock_push_request_errors_array(cluster_, request, count, errors.data());
    return true;
  }

 private:
  static bool done(rd_kafka_resp_err_t error) { return error == RD_KAFKA_RESP_ERR_NO_ERROR; }

  static rd_kafka_t* quiet_handle() {
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    rd_kafka_conf_set(configuration, "log_level", "0", nullptr, 0);  // it misses servers
    std::array<char, 512> reason{};
    rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, reason.data(), reason.size());
    require(handle != nullptr, reason.data());
    return handle;
  }

  rd_kafka_t* handle_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace flashbid::testing
