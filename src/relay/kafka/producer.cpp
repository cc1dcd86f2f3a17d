#include "relay/kafka/producer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include "base/system_clock.hpp"

namespace flashbid::kafka {
namespace {

rd_kafka_vu_t part(rd_kafka_vtype_t type) {
  rd_kafka_vu_t part{};
  part.vtype = type;
  return part;
}

// librdkafka copies what it is given.
rd_kafka_vu_t text_part(rd_kafka_vtype_t type, const std::string& text) {
  rd_kafka_vu_t part = kafka::part(type);
  part.u.mem.ptr = const_cast<char*>(text.data());
  part.u.mem.size = text.size();
  return part;
}

rd_kafka_resp_err_t produce(rd_kafka_t* handle, const std::string& topic, const Message& message, void* opaque) {
  std::vector<rd_kafka_vu_t> parts;
  parts.push_back(part(RD_KAFKA_VTYPE_TOPIC));
  parts.back().u.cstr = topic.c_str();
  parts.push_back(part(RD_KAFKA_VTYPE_PARTITION));
  parts.back().u.i32 = message.partition;
  parts.push_back(part(RD_KAFKA_VTYPE_MSGFLAGS));
  parts.back().u.i = RD_KAFKA_MSG_F_COPY;
  parts.push_back(part(RD_KAFKA_VTYPE_OPAQUE));
  parts.back().u.ptr = opaque;
  parts.push_back(text_part(RD_KAFKA_VTYPE_KEY, message.key));
  parts.push_back(text_part(RD_KAFKA_VTYPE_VALUE, message.value));
  for (const auto& [name, value] : message.headers) {
    parts.push_back(part(RD_KAFKA_VTYPE_HEADER));
    parts.back().u.header.name = name.c_str();
    parts.back().u.header.val = value.data();
    parts.back().u.header.size = static_cast<std::int64_t>(value.size());
  }
  const std::unique_ptr<rd_kafka_error_t, Releasing<rd_kafka_error_destroy>> error(
      rd_kafka_produceva(handle, parts.data(), parts.size()));
  return error ? rd_kafka_error_code(error.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

// What became of the messages of one send(). It outlives the handle whenever some are not known.
struct Producer::Deliveries {
  std::size_t unknown = 0;
  bool some_may_be_there = false;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first

  static void on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* /*opaque*/) {
    auto& deliveries = *static_cast<Deliveries*>(message->_private);
    --deliveries.unknown;
    if (rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) deliveries.some_may_be_there = true;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) deliveries.fail(message->err);
  }
  void fail(rd_kafka_resp_err_t why) {
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = why;
  }
  [[nodiscard]] bool good() const { return error == RD_KAFKA_RESP_ERR_NO_ERROR; }
};

Result<Producer> Producer::open(KafkaUrl url, KafkaSettings settings) {
  Producer producer(std::move(url), std::move(settings));
  if (auto connected = producer.connect(); !connected) return std::unexpected(std::move(connected.error()));
  return producer;
}

Result<void> Producer::connect() {
  auto client = Client::producer(url_, settings_, Deliveries::on_delivery);
  if (!client) return std::unexpected(std::move(client.error()));
  client_ = std::move(*client);
  return {};
}

Result<void> Producer::send(const std::string& topic, std::span<const Message> messages, Duration wait) {
  if (messages.empty()) return {};
  if (!client_) {
    if (auto connected = connect(); !connected) return connected;
  }
  const std::int64_t until = steady_ms() + wait.ms;
  Deliveries deliveries;
  send_all(topic, messages, until, deliveries);
  while (deliveries.unknown > 0 && deliveries.good() && steady_ms() < until) {
    client_->serve({std::clamp<std::int64_t>(until - steady_ms(), 1, 100)});
  }
  if (deliveries.unknown == 0 && deliveries.good()) {
    client_->forget_trouble();
    return {};
  }
  auto failure = failed(deliveries, topic, wait);
  // What is still on its way, and a producer that the servers do not want any more, go with the handle: the messages
  // are sent again by a new one, all of them.
  client_.reset();
  return failure;
}

void Producer::send_all(const std::string& topic, std::span<const Message> messages, std::int64_t until,
                        Deliveries& deliveries) {
  for (const Message& message : messages) {
    auto error = produce(client_->handle(), topic, message, &deliveries);
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && deliveries.good() && steady_ms() < until) {
      client_->serve({20});
      error = produce(client_->handle(), topic, message, &deliveries);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return deliveries.fail(error);
    ++deliveries.unknown;
  }
}

std::unexpected<Error> Producer::failed(const Deliveries& deliveries, std::string_view topic, Duration wait) const {
  const bool may_be_there = deliveries.some_may_be_there || deliveries.unknown > 0;
  if (deliveries.good()) {
    return client_->failed(Failure::outcome_unknown,
                           fmt::format("{} messages for topic {} have not been confirmed within {} ms",
                                       deliveries.unknown, topic, wait.ms));
  }
  std::string why = rd_kafka_err2str(deliveries.error);
  std::array<char, 512> fatal{};
  if (rd_kafka_fatal_error(client_->handle(), fatal.data(), fatal.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    why = fatal.data();
  }
  const bool too_large = deliveries.error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  const Failure failure = too_large ? Failure::invalid : may_be_there ? Failure::outcome_unknown : Failure::unavailable;
  return client_->failed(failure, fmt::format("a message for topic {} has not been written: {}", topic, why));
}

}  // namespace flashbid::kafka
