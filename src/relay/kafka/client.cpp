#include "relay/kafka/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>
#include "base/system_clock.hpp"

namespace flashbid::kafka {
namespace {

using Configuration = std::unique_ptr<rd_kafka_conf_t, Releasing<rd_kafka_conf_destroy>>;
using Reason = std::array<char, 512>;

Result<void> set(rd_kafka_conf_t& configuration, const std::string& name, const std::string& value) {
  Reason reason{};
  if (rd_kafka_conf_set(&configuration, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
      RD_KAFKA_CONF_OK) {
    return {};
  }
  return fail(Failure::invalid, fmt::format("the Kafka setting {}: {}", name, reason.data()));
}

// Anybody may choose otherwise: a reader that holds many shards stays small, and is back soon after an outage.
const KafkaSettings chosen{{"client.id", "flashbid"}, {"reconnect.backoff.max.ms", "1000"}};
const KafkaSettings chosen_to_write{{"linger.ms", "2"}};
const KafkaSettings chosen_to_read{
    {"fetch.wait.max.ms", "100"}, {"queued.min.messages", "10000"}, {"queued.max.messages.kbytes", "8192"}};
// Nobody may (check_kafka_settings()).
const KafkaSettings promised_to_write{{"acks", "all"}, {"enable.idempotence", "true"}};
const KafkaSettings promised_to_read{
    {"enable.auto.commit", "false"}, {"auto.offset.reset", "error"}, {"allow.auto.create.topics", "false"}};

void say_nothing(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

}  // namespace

Result<std::unique_ptr<Client>> Client::producer(const KafkaUrl& url, const KafkaSettings& settings,
                                                 OnDelivery on_delivery) {
  return open(RD_KAFKA_PRODUCER, url, settings, on_delivery);
}

Result<std::unique_ptr<Client>> Client::consumer(const KafkaUrl& url, const KafkaSettings& settings) {
  return open(RD_KAFKA_CONSUMER, url, settings, nullptr);
}

Result<std::unique_ptr<Client>> Client::open(rd_kafka_type_t type, const KafkaUrl& url, const KafkaSettings& settings,
                                             OnDelivery on_delivery) {
  if (auto checked = check_kafka_settings(settings); !checked) return std::unexpected(std::move(checked.error()));
  const bool writes = type == RD_KAFKA_PRODUCER;
  Configuration configuration(rd_kafka_conf_new());
  const KafkaSettings servers{{"bootstrap.servers", url.servers}};
  for (const KafkaSettings* each : {&chosen, writes ? &chosen_to_write : &chosen_to_read, &settings,
                                    writes ? &promised_to_write : &promised_to_read, &servers}) {
    for (const auto& [name, value] : *each) {
      if (auto done = set(*configuration, name, value); !done) return std::unexpected(std::move(done.error()));
    }
  }
  std::unique_ptr<Client> client(new Client(url.servers));
  rd_kafka_conf_set_opaque(configuration.get(), client.get());
  rd_kafka_conf_set_log_cb(configuration.get(), say_nothing);
  rd_kafka_conf_set_error_cb(configuration.get(), [](rd_kafka_t*, int, const char* reason, void* opaque) {
    auto& troubled = *static_cast<Client*>(opaque);
    troubled.trouble_ = reason;
    troubled.new_trouble_ = true;
  });
  if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(configuration.get(), on_delivery);
  Reason reason{};
  client->handle_.reset(rd_kafka_new(type, configuration.get(), reason.data(), reason.size()));
  if (!client->handle_) return fail(Failure::invalid, fmt::format("the Kafka settings: {}", reason.data()));
  [[maybe_unused]] const auto* its_own = configuration.release();
  return client;
}

void Client::serve(Duration wait) { rd_kafka_poll(handle_.get(), static_cast<int>(wait.ms)); }

std::unexpected<Error> Client::failed(Failure failure, std::string_view what) const {
  const std::string_view between = trouble_.empty() ? "" : "; last trouble: ";
  return fail(failure, fmt::format("Kafka at {}: {}{}{}", servers_, what, between, trouble_));
}

Result<Topic> Client::topic(const std::string& name) const {
  Topic topic(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
  if (topic) return topic;
  return failed(Failure::internal, fmt::format("topic {}: {}", name, rd_kafka_err2str(rd_kafka_last_error())));
}

Result<std::optional<std::uint64_t>> Client::count_partitions(const std::string& name, Duration wait) {
  const auto topic = this->topic(name);
  if (!topic) return std::unexpected(topic.error());
  const struct rd_kafka_metadata* answer = nullptr;
  const auto error = rd_kafka_metadata(handle_.get(), 0, topic->get(), &answer, static_cast<int>(wait.ms));
  serve({});
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(Failure::unavailable,
                  fmt::format("it cannot be asked for topic {}: {}", name, rd_kafka_err2str(error)));
  }
  const std::unique_ptr<const struct rd_kafka_metadata, Releasing<rd_kafka_metadata_destroy>> owned(answer);
  if (answer->topic_cnt != 1) return std::nullopt;
  const rd_kafka_metadata_topic& found = answer->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(Failure::unavailable, fmt::format("topic {}: {}", name, rd_kafka_err2str(found.err)));
  }
  return static_cast<std::uint64_t>(found.partition_cnt);
}

Result<std::uint64_t> Client::ensure_topic(const std::string& topic, std::uint64_t partitions, int replication,
                                           Duration wait) {
  const std::int64_t until = steady_ms() + wait.ms;
  bool created = false;
  for (;;) {
    const auto there = count_partitions(topic, {std::max<std::int64_t>(until - steady_ms(), 1)});
    if (!there) return std::unexpected(there.error());
    if (*there && **there > 0) return **there;
    const Duration left{until - steady_ms()};
    if (left.ms <= 0)
      return failed(Failure::unavailable, fmt::format("topic {} has been made and is not there yet", topic));
    if (!created) {
      if (auto done = create_topic(topic, partitions, replication, left); !done) return std::unexpected(done.error());
      created = true;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});  // until all servers know of it
    }
  }
}

Result<void> Client::create_topic(const std::string& topic, std::uint64_t partitions, int replication, Duration wait) {
  const auto refuse = [&](const char* why) {
    return failed(Failure::unavailable, fmt::format("there is no topic {}, and it cannot be made: {}; make it, with {} "
                                                    "partitions and cleanup.policy=delete",
                                                    topic, why, partitions));
  };
  Reason reason{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Releasing<rd_kafka_NewTopic_destroy>> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), static_cast<int>(partitions), replication, reason.data(), reason.size()));
  if (!wanted) return refuse(reason.data());
  // A compacted topic would keep an auction's last event only.
  rd_kafka_NewTopic_set_config(wanted.get(), "cleanup.policy", "delete");
  const std::unique_ptr<rd_kafka_queue_t, Releasing<rd_kafka_queue_destroy>> queue(rd_kafka_queue_new(handle_.get()));
  const std::unique_ptr<rd_kafka_AdminOptions_t, Releasing<rd_kafka_AdminOptions_destroy>> options(
      rd_kafka_AdminOptions_new(handle_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const int wait_ms = static_cast<int>(wait.ms);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), wait_ms, reason.data(), reason.size());
  rd_kafka_NewTopic_t* topics = wanted.get();
  rd_kafka_CreateTopics(handle_.get(), &topics, 1, options.get(), queue.get());
  const std::unique_ptr<rd_kafka_event_t, Releasing<rd_kafka_event_destroy>> answer(
      rd_kafka_queue_poll(queue.get(), wait_ms));
  if (!answer) return refuse("it does not answer");
  if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return refuse(rd_kafka_event_error_string(answer.get()));
  }
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  if (count != 1) return refuse("it says nothing of it");
  const auto error = rd_kafka_topic_result_error(results[0]);
  const bool there = error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
  if (there) return {};
  const char* said = rd_kafka_topic_result_error_string(results[0]);
  return refuse(said != nullptr ? said : rd_kafka_err2str(error));
}

}  // namespace flashbid::kafka
