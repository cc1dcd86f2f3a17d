// Asking servers what stands there: a server about itself, Sentinels for a primary, a node for the cluster's slots.
// Each question uses a connection of its own or one it is given; nothing is remembered here. On the client's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "redis/connection.hpp"

namespace flashbid::redis {

// "name:value" lines of INFO.
[[nodiscard]] std::string_view property_of(std::string_view text, std::string_view name);

struct SlotRange {
  unsigned first = 0, last = 0;
  Address primary;
};
// What CLUSTER SLOTS answered; `from` stands for hosts that it leaves out.
[[nodiscard]] Result<std::vector<SlotRange>> parse_slots(const Reply& reply, const Address& from);

// INFO of the server at the other end; unavailable while it is loading.
boost::asio::awaitable<Result<std::string>> ask_about_itself(std::shared_ptr<Connection> connection);
// Of the first of `nodes` that answers.
boost::asio::awaitable<Result<std::vector<SlotRange>>> ask_for_slots(boost::asio::io_context& io,
                                                                     ConnectionSettings settings,
                                                                     std::vector<Address> nodes);
// The primary's address, by the first Sentinel that knows it.
boost::asio::awaitable<Result<Address>> ask_sentinels(boost::asio::io_context& io, ConnectionSettings settings);

}  // namespace flashbid::redis
