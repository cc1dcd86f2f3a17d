#include "relay/amqp/amqp_sink.hpp"
#include "relay/envelope.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace flashbid {
namespace {

// What has to fit into one frame, which holds all headers.
constexpr std::size_t most_secret_bytes = 60'000;
constexpr std::size_t most_events = 100;

// The first of `records`, as many as one message holds.
std::span<const Record> first_part(std::span<const Record> records) {
  std::size_t count = 0;
  std::size_t secret_bytes = 0;
  for (const Record& record : records) {
    secret_bytes += 2 * record.secret.size() + 8;  // quoted
    if (count == most_events || (count > 0 && secret_bytes > most_secret_bytes)) break;
    ++count;
  }
  return records.first(count);
}

}  // namespace

AmqpSink::AmqpSink(AmqpUrl url, AmqpSinkOptions options)
    : options_(std::move(options)),
      publisher_(std::move(url), amqp::events_exchange, [this](amqp::Connection& connection, amqp_channel_t channel) {
        return declare(connection, channel);
      }) {}

Result<void> AmqpSink::declare(amqp::Connection& connection, amqp_channel_t channel) {
  if (auto dead = amqp::declare_dead_letters(connection, channel); !dead) return dead;
  const auto made = amqp::declare_shards(connection, channel, options_.queue, options_.shards);
  if (!made) return std::unexpected(made.error());
  const auto now = std::chrono::steady_clock::now();
  if (*made) new_until_ = now + std::chrono::milliseconds{options_.new_queues.ms};
  if (now < new_until_) return connection.refuse("its queues are new, and get a moment to reach its disk");
  return {};
}

Result<Stored> AmqpSink::store(const ShardLease& lease, const SourceBatch& batch) {
  const Origin origin{batch.queued ? batch.ledger : options_.ledger, options_.shards, lease.shard};
  std::vector<amqp::Message> messages;
  for (std::span<const Record> rest = batch.records; !rest.empty();) {
    const auto part = first_part(rest);
    messages.push_back(message_of(origin, part));
    rest = rest.subspan(part.size());
  }
  if (auto published = publisher_.publish(messages); !published) return std::unexpected(std::move(published.error()));
  return Stored{};
}

amqp::Message AmqpSink::message_of(const Origin& origin, std::span<const Record> records) const {
  amqp::Message message;
  message.routing_key = amqp::routing_key_of(origin.shard);
  message.content_type = envelopes_type;
  message.id = event_id(records.front());
  message.at = records.back().at;
  if (options_.secrets) message.headers.emplace_back(secrets_header, encode_secrets(records));
  message.body = encode_envelopes(origin, records);
  return message;
}

Result<bool> AmqpSink::tidy() {
  publisher_.keep_alive();
  return false;
}

}  // namespace flashbid
