#include "relay/amqp/amqp_broker.hpp"

#include <amqp_framing.h>
#include <fmt/format.h>

#include <utility>

#include "relay/envelope.hpp"

namespace flashbid {
namespace {

// Sent while something is read or asked, which a sink that blocks delays by some ten seconds at most.
constexpr std::chrono::seconds heartbeat{20};
constexpr amqp_channel_t asking = 1;
constexpr amqp_channel_t looking = 2;  // for queues that may not be there; those of consumers are behind it

std::optional<std::string> secrets_of(const amqp_basic_properties_t& properties) {
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return std::nullopt;
  for (int k = 0; k < properties.headers.num_entries; ++k) {
    const amqp_table_entry_t& entry = properties.headers.entries[k];
    const bool text = entry.value.kind == AMQP_FIELD_KIND_UTF8 || entry.value.kind == AMQP_FIELD_KIND_BYTES;
    if (text && amqp::text_of(entry.key) == secrets_header) return std::string(amqp::text_of(entry.value.value.bytes));
  }
  return std::nullopt;
}

AmqpBroker::Delivery delivery_of(const amqp_envelope_t& envelope) {
  const amqp_basic_properties_t& properties = envelope.message.properties;
  AmqpBroker::Delivery delivery;
  delivery.tag = envelope.delivery_tag;
  if ((properties._flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0) {
    delivery.content_type = amqp::text_of(properties.content_type);
  }
  if ((properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) delivery.id = amqp::text_of(properties.message_id);
  delivery.secrets = secrets_of(properties);
  delivery.body = amqp::text_of(envelope.message.body);
  return delivery;
}

// Only looks.
Result<std::uint64_t> count_messages(amqp::Connection& connection, const std::string& queue) {
  const auto* there =
      amqp_queue_declare(connection.state(), asking, amqp::bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  if (auto looked = connection.check_last(fmt::format("looking at queue {}", queue)); !looked) {
    return std::unexpected(std::move(looked.error()));
  }
  return there->message_count;
}

}  // namespace

AmqpBroker::AmqpBroker(AmqpUrl url, AmqpBrokerOptions options)
    : options_(std::move(options)),
      dead_letters_(url, amqp::dead_exchange, &amqp::declare_dead_letters),
      link_(std::move(url), heartbeat, [this](amqp::Connection& connection) {
        last_channel_ = looking;
        inboxes_.clear();
        return connection.open_channel(asking);
      }) {}

void AmqpBroker::forget() {
  inboxes_.clear();
  link_.drop();
}

Result<std::uint64_t> AmqpBroker::count_shards() {
  if (shards_) return *shards_;
  const auto connection = link_.connection();
  if (!connection) return std::unexpected(connection.error());
  auto queues = count_queues(**connection);
  if (!queues) {
    forget();
    return queues;
  }
  if (*queues == 0) return (*connection)->refuse("nothing has been published to this broker yet");
  shards_ = *queues;
  return queues;
}

Result<amqp_channel_t> AmqpBroker::open_channel(amqp::Connection& connection) {
  if (last_channel_ >= amqp_get_channel_max(connection.state())) return connection.failed("its channels are used up");
  ++last_channel_;
  if (auto opened = connection.open_channel(last_channel_); !opened) return std::unexpected(std::move(opened.error()));
  return last_channel_;
}

Result<std::uint64_t> AmqpBroker::count_queues(amqp::Connection& connection) const {
  for (std::uint64_t shard = 0;; ++shard) {
    const auto there = amqp::is_there(connection, looking, amqp::queue_of(options_.queue, shard));
    if (!there) return std::unexpected(there.error());
    if (!*there) return shard;
  }
}

Result<AmqpBroker::Consumer> AmqpBroker::consume(std::uint64_t shard) {
  const auto connection = link_.connection();
  if (!connection) return std::unexpected(connection.error());
  const auto begin = [&](amqp_channel_t channel) -> Result<void> {
    amqp_basic_qos((*connection)->state(), channel, 0, options_.prefetch, 0);
    if (auto limited = (*connection)->check_last("asking for a prefetch"); !limited) return limited;
    const std::string queue = amqp::queue_of(options_.queue, shard);
    amqp_basic_consume((*connection)->state(), channel, amqp::bytes_of(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    return (*connection)->check_last(fmt::format("reading queue {}", queue));
  };
  const auto channel = open_channel(**connection);
  auto begun = channel ? begin(*channel) : std::unexpected(channel.error());
  if (!begun) {
    forget();
    return std::unexpected(std::move(begun.error()));
  }
  inboxes_[*channel];
  return Consumer{link_.generation(), *channel};
}

bool AmqpBroker::is_current(const Consumer& consumer) const {
  return link_.present() != nullptr && consumer.generation == link_.generation();
}

void AmqpBroker::let_go(const Consumer& consumer) {
  if (!is_current(consumer)) return;
  inboxes_.erase(consumer.channel);
  amqp::Connection& connection = *link_.present();
  const auto reply = amqp_channel_close(connection.state(), consumer.channel, AMQP_REPLY_SUCCESS);
  if (!connection.check(reply, "closing a channel")) forget();
}

Result<std::deque<AmqpBroker::Delivery>> AmqpBroker::take(const Consumer& consumer) {
  require(is_current(consumer), "a source reads on the connection that is there");
  if (auto received = receive(*link_.present()); !received) {
    forget();
    return std::unexpected(std::move(received.error()));
  }
  return std::exchange(inboxes_[consumer.channel], {});
}

Result<void> AmqpBroker::receive(amqp::Connection& connection) {
  constexpr timeval at_once{};
  for (;;) {
    amqp_maybe_release_buffers(connection.state());
    amqp_envelope_t envelope{};
    const amqp_rpc_reply_t reply = amqp_consume_message(connection.state(), &envelope, &at_once, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
      if (const auto inbox = inboxes_.find(envelope.channel); inbox != inboxes_.end()) {
        inbox->second.push_back(delivery_of(envelope));
      }
      amqp_destroy_envelope(&envelope);
      continue;
    }
    if (reply.library_error == AMQP_STATUS_TIMEOUT) return {};
    if (reply.library_error != AMQP_STATUS_UNEXPECTED_STATE) return connection.check(reply, "reading");
    // Something else than a message.
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(connection.state(), &frame, &at_once);
    if (status == AMQP_STATUS_TIMEOUT) return {};
    if (auto read = connection.check(status, "reading"); !read) return read;
    if (auto fine = connection.check(frame); !fine) return fine;
  }
}

Result<void> AmqpBroker::acknowledge(const Consumer& consumer, std::span<const std::uint64_t> tags) {
  require(is_current(consumer), "a message is acknowledged on the connection that it came on");
  amqp::Connection& connection = *link_.present();
  for (const std::uint64_t tag : tags) {
    const int status = amqp_basic_ack(connection.state(), consumer.channel, tag, 0);
    if (auto sent = connection.check(status, "acknowledging"); !sent) {
      forget();
      return sent;
    }
  }
  return {};
}

Result<std::uint64_t> AmqpBroker::count_waiting(std::uint64_t shard) {
  const auto connection = link_.connection();
  if (!connection) return std::unexpected(connection.error());
  auto count = count_messages(**connection, amqp::queue_of(options_.queue, shard));
  if (!count) forget();
  return count;
}

}  // namespace flashbid
