// The names of things in RabbitMQ, and how they are declared: the same for whoever writes and whoever reads.
//
//   flashbid.events (topic) --shard.K--> NAME.K (quorum, one consumer at a time)      flashbid.dead (fanout) -->
//   flashbid.dead
//
// Others bind queues of their own to flashbid.events: shard.# is everything, each shard in its order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relay/amqp/connection.hpp"

namespace flashbid::amqp {

inline constexpr std::string_view events_exchange = "flashbid.events";
inline constexpr std::string_view dead_exchange = "flashbid.dead";
inline constexpr std::string_view dead_queue = "flashbid.dead";
inline constexpr std::string_view default_queue = "flashbid.archive";

[[nodiscard]] std::string queue_of(std::string_view name, std::uint64_t shard);
[[nodiscard]] std::string routing_key_of(std::uint64_t shard);

// Declaring what is there already changes nothing; what is there otherwise is a failure that says so.
[[nodiscard]] Result<void> declare_dead_letters(Connection& connection, amqp_channel_t channel);
// The last shard's first: whoever finds shard 0's queue finds all. True if any was not there before.
[[nodiscard]] Result<bool> declare_shards(Connection& connection, amqp_channel_t channel, std::string_view name,
                                          std::uint64_t shards);
// Only looks, on a channel that nobody else uses: the answer "no" closes it.
[[nodiscard]] Result<bool> is_there(Connection& connection, amqp_channel_t scratch, std::string_view queue);

}  // namespace flashbid::amqp
