// What all bidders of one run share. Lives on the simulation's thread.
#pragma once

#include <array>
#include <cstdint>

#include "bots/bid_channel.hpp"
#include "bots/latency.hpp"
#include "bots/market.hpp"

namespace flashbid::bots {

struct Floor {
  Desk& desk;
  Market& market;
  bool keys = false;
  bool open_loop = false;
  Duration think;                           // closed loop: mean pause
  std::int64_t end_ns = 0;                  // when bidding ends; snipers go on until their auction has
  bool stopped = false;                     // everybody leaves now
  std::size_t bidding = 0;                  // bidders that have not left
  Latency latency;                          // of decided bids
  Latency latency_lately;                   // the same, since the observer was last told
  std::array<std::uint64_t, 4> outcomes{};  // by Outcome
  std::array<std::uint64_t, 8> reasons{};   // by Reason
  std::uint64_t not_sent = 0;               // bids that met no connection

  void record(const checker::Operation& operation, std::int64_t due_ns);
};

}  // namespace flashbid::bots
