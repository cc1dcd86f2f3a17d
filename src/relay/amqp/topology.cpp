#include "relay/amqp/topology.hpp"

#include <amqp_framing.h>
#include <fmt/format.h>

#include <array>

namespace flashbid::amqp {
namespace {

Result<void> declare_exchange(Connection& connection, amqp_channel_t channel, std::string_view name,
                              std::string_view type) {
  amqp_exchange_declare(connection.state(), channel, bytes_of(name), bytes_of(type), 0, 1, 0, 0, amqp_empty_table);
  return connection.check_last(fmt::format("declaring exchange {}", name));
}

// Replicated, where the broker is a cluster, and always on its disks.
Result<void> declare_queue(Connection& connection, amqp_channel_t channel, std::string_view name, bool one_consumer) {
  std::array<amqp_table_entry_t, 2> entries{};
  entries[0].key = amqp_cstring_bytes("x-queue-type");
  entries[0].value.kind = AMQP_FIELD_KIND_UTF8;
  entries[0].value.value.bytes = amqp_cstring_bytes("quorum");
  entries[1].key = amqp_cstring_bytes("x-single-active-consumer");
  entries[1].value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entries[1].value.value.boolean = 1;
  const amqp_table_t arguments{.num_entries = one_consumer ? 2 : 1, .entries = entries.data()};
  amqp_queue_declare(connection.state(), channel, bytes_of(name), 0, 1, 0, 0, arguments);
  return connection.check_last(fmt::format("declaring queue {}", name));
}

Result<void> bind_queue(Connection& connection, amqp_channel_t channel, std::string_view queue,
                        std::string_view exchange, std::string_view key) {
  amqp_queue_bind(connection.state(), channel, bytes_of(queue), bytes_of(exchange), bytes_of(key), amqp_empty_table);
  return connection.check_last(fmt::format("binding queue {} to {}", queue, exchange));
}

bool is_not_found(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION || reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD) return false;
  return static_cast<const amqp_channel_close_t*>(reply.reply.decoded)->reply_code == AMQP_NOT_FOUND;
}

}  // namespace

std::string queue_of(std::string_view name, std::uint64_t shard) { return fmt::format("{}.{}", name, shard); }

std::string routing_key_of(std::uint64_t shard) { return fmt::format("shard.{}", shard); }

Result<void> declare_dead_letters(Connection& connection, amqp_channel_t channel) {
  if (auto done = declare_exchange(connection, channel, dead_exchange, "fanout"); !done) return done;
  if (auto done = declare_queue(connection, channel, dead_queue, false); !done) return done;
  return bind_queue(connection, channel, dead_queue, dead_exchange, "");
}

Result<bool> declare_shards(Connection& connection, amqp_channel_t channel, std::string_view name,
                            std::uint64_t shards) {
  if (auto done = declare_exchange(connection, channel, events_exchange, "topic"); !done) {
    return std::unexpected(std::move(done.error()));
  }
  const auto scratch = static_cast<amqp_channel_t>(channel + 1);
  bool made = false;
  for (std::uint64_t shard = shards; shard-- > 0;) {
    const std::string queue = queue_of(name, shard);
    const auto there = is_there(connection, scratch, queue);
    if (!there) return there;
    made = made || !*there;
    if (auto done = declare_queue(connection, channel, queue, true); !done) {
      return std::unexpected(std::move(done.error()));
    }
    if (auto done = bind_queue(connection, channel, queue, events_exchange, routing_key_of(shard)); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return made;
}

Result<bool> is_there(Connection& connection, amqp_channel_t scratch, std::string_view queue) {
  if (auto opened = connection.open_channel(scratch); !opened) return std::unexpected(std::move(opened.error()));
  amqp_queue_declare(connection.state(), scratch, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection.state());
  const bool found = !is_not_found(reply);
  if (!found) {
    amqp_channel_close_ok_t done{};
    const int sent = amqp_send_method(connection.state(), scratch, AMQP_CHANNEL_CLOSE_OK_METHOD, &done);
    if (auto closed = connection.check(sent, "closing a channel"); !closed) {
      return std::unexpected(std::move(closed.error()));
    }
    return false;
  }
  if (auto looked = connection.check(reply, fmt::format("looking at queue {}", queue)); !looked) {
    return std::unexpected(std::move(looked.error()));
  }
  const auto closing = amqp_channel_close(connection.state(), scratch, AMQP_REPLY_SUCCESS);
  if (auto closed = connection.check(closing, "closing a channel"); !closed) {
    return std::unexpected(std::move(closed.error()));
  }
  return true;
}

}  // namespace flashbid::amqp
