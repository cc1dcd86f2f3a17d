#include "relay/amqp/publisher.hpp"

#include <amqp_framing.h>
#include <fmt/format.h>

#include <algorithm>

namespace flashbid::amqp {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr std::chrono::seconds heartbeat{60};
constexpr std::chrono::seconds confirm_timeout{10};

// The broker counts in whole seconds.
std::uint64_t seconds_of(Timestamp at) {
  constexpr std::int64_t second = 1'000;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(at.ms, 0) / second);
}

}  // namespace

Publisher::Publisher(AmqpUrl url, std::string_view exchange, Declare declare)
    : exchange_(exchange),
      declare_(std::move(declare)),
      link_(std::move(url), heartbeat, [this](Connection& connection) { return set_up(connection); }) {}

Result<void> Publisher::set_up(Connection& connection) {
  published_ = 0;
  unconfirmed_.clear();
  alarm_.reset();
  if (auto opened = connection.open_channel(channel); !opened) return opened;
  if (auto declared = declare_(connection, channel); !declared) return declared;
  amqp_confirm_select(connection.state(), channel);
  return connection.check_last("asking for confirms");
}

// A connection that has ended while there was nothing to do is no failure: nothing was under way.
Result<Connection*> Publisher::ready() {
  keep_alive();
  auto connection = link_.connection();
  if (!connection) return connection;
  if (alarm_) {
    return (*connection)->refuse(fmt::format("it takes no messages because of an alarm ({}); they wait", *alarm_));
  }
  return connection;
}

void Publisher::keep_alive() {
  Connection* present = link_.present();
  if (present != nullptr && !listen(*present, Clock::now())) link_.drop();
}

Result<void> Publisher::publish(std::span<const Message> messages) {
  if (messages.empty()) return {};
  const auto connection = ready();
  if (!connection) return std::unexpected(connection.error());
  auto done = publish_all(**connection, messages);
  // Under an alarm the connection stays, so that the end of the alarm is heard, and nothing more is sent before it.
  if (!done && !alarm_) link_.drop();
  return done;
}

Result<void> Publisher::publish_all(Connection& connection, std::span<const Message> messages) {
  // What an alarm has left under way: its answers are not about these.
  if (auto settled = await_confirms(connection); !settled) return settled;
  refused_.reset();
  for (const Message& message : messages) {
    if (auto sent = send(connection, message); !sent) return sent;
    if (auto heard = listen(connection, Clock::now()); !heard) return heard;
    if (auto taken = check_refused(connection); !taken) return taken;
  }
  if (auto settled = await_confirms(connection); !settled) return settled;
  return check_refused(connection);
}

Result<void> Publisher::check_refused(Connection& connection) const {
  if (alarm_) return connection.refuse(fmt::format("it has stopped taking messages because of an alarm ({})", *alarm_));
  if (refused_) return connection.refuse(*refused_);
  return {};
}

Result<void> Publisher::send(Connection& connection, const Message& message) {
  std::vector<amqp_table_entry_t> headers;
  for (const auto& [name, value] : message.headers) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(name);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes_of(value);
    headers.push_back(entry);
  }
  constexpr std::uint8_t persistent = 2;
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                      AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_APP_ID_FLAG;
  properties.content_type = bytes_of(message.content_type);
  properties.delivery_mode = persistent;
  properties.message_id = bytes_of(message.id);
  properties.timestamp = seconds_of(message.at);
  properties.headers = {.num_entries = static_cast<int>(headers.size()), .entries = headers.data()};
  properties.app_id = amqp_cstring_bytes("flashbid");
  constexpr amqp_boolean_t mandatory = 1;
  const int status = amqp_basic_publish(connection.state(), channel, bytes_of(exchange_), bytes_of(message.routing_key),
                                        mandatory, 0, &properties, bytes_of(message.body));
  if (auto sent = connection.check(status, "publishing"); !sent) return sent;
  unconfirmed_.insert(++published_);
  return {};
}

Result<void> Publisher::await_confirms(Connection& connection) {
  const auto deadline = Clock::now() + confirm_timeout;
  while (!unconfirmed_.empty()) {
    if (Clock::now() >= deadline) {
      return connection.failed(fmt::format("{} messages were not confirmed in time", unconfirmed_.size()));
    }
    if (auto heard = listen(connection, deadline); !heard) return heard;
    if (alarm_) return check_refused(connection);
  }
  return {};
}

Result<void> Publisher::listen(Connection& connection, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const timeval patience = timeval_of(std::max(left, std::chrono::milliseconds{0}));
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(connection.state(), &frame, &patience);
    if (status == AMQP_STATUS_TIMEOUT) return {};
    if (auto read = connection.check(status, "waiting for confirms"); !read) return read;
    if (auto taken = take(connection, frame); !taken) return taken;
    amqp_maybe_release_buffers(connection.state());
    deadline = Clock::now();
  }
}

Result<void> Publisher::take(Connection& connection, const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return {};
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      settle(ack->delivery_tag, ack->multiple != 0);
      return {};
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      settle(nack->delivery_tag, nack->multiple != 0);
      refused_ = "it could not keep a message that was published (nack)";
      return {};
    }
    case AMQP_BASIC_RETURN_METHOD:
      return take_returned(connection, frame);
    case AMQP_CONNECTION_BLOCKED_METHOD:
      alarm_ = text_of(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason);
      return {};
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      alarm_.reset();
      return {};
    default:
      return connection.check(frame);
  }
}

// Nobody would have got it; its confirm comes all the same. The message itself follows.
Result<void> Publisher::take_returned(Connection& connection, const amqp_frame_t& frame) {
  const auto* returned = static_cast<const amqp_basic_return_t*>(frame.payload.method.decoded);
  refused_ = fmt::format("it has no queue for a message with key {} to {} ({})", text_of(returned->routing_key),
                         text_of(returned->exchange), text_of(returned->reply_text));
  amqp_message_t message{};
  if (auto read =
          connection.check(amqp_read_message(connection.state(), channel, &message, 0), "reading what it returns");
      !read) {
    return read;
  }
  amqp_destroy_message(&message);
  return {};
}

void Publisher::settle(std::uint64_t tag, bool multiple) {
  if (multiple) {
    unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.upper_bound(tag));
  } else {
    unconfirmed_.erase(tag);
  }
}

}  // namespace flashbid::amqp
