// What one loop has served, in totals. Written by the loop's thread only, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "access/jwt.hpp"
#include "access/rate_limits.hpp"
#include "engine/bid_stages.hpp"

namespace flashbid {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Why a connection was not taken.
enum class NoConnection : std::uint8_t { connections, connections_per_address, descriptors };
inline constexpr std::size_t no_connection_count = 3;
[[nodiscard]] constexpr std::string_view to_text(NoConnection why) {
  switch (why) {
    case NoConnection::connections:
      return "connections";
    case NoConnection::connections_per_address:
      return "connections_per_address";
    case NoConnection::descriptors:
      return "descriptors";
  }
  return "?";
}

struct Traffic {
  Counter http_requests;
  std::array<Counter, 6> http_responses;  // by the first digit of the status
  Counter http_connections;               // open now, streams not counted
  Counter websocket_connections;          // open now
  Counter sse_connections;                // open now
  std::array<Counter, no_connection_count> refused_connections;
  std::array<Counter, limited_by_count> refused_requests;  // and frames, by the rate limits; [nothing] stays 0
  Counter bids_without_room;                               // refused because too many waited
  std::array<Counter, access::fault_class_count> failed_authentications;
  Counter timeouts;  // 408 and idle ones
  Counter frames_received;
  Counter events_pushed;  // events and states put into outboxes
  BidStages bid_stages;   // those of the server: `decode` and `whole`
  Counter slow_readers;   // closed with 1013
  Counter tls_handshakes;
  Counter tls_failed_handshakes;  // refused, broken off or too slow

  void refuse(NoConnection why) { refused_connections[static_cast<std::size_t>(why)].add(); }
  void refuse(LimitedBy limit) { refused_requests[static_cast<std::size_t>(limit)].add(); }
  void fail(access::FaultClass fault) { failed_authentications[static_cast<std::size_t>(fault)].add(); }
};

}  // namespace flashbid
