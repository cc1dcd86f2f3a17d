// What one loop has served, in totals. Written by the loop's thread only, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

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

struct Traffic {
  Counter http_requests;
  std::array<Counter, 6> http_responses;  // by the first digit of the status
  Counter http_connections;               // open now, streams not counted
  Counter websocket_connections;          // open now
  Counter sse_connections;                // open now
  Counter refused_connections;            // over the limit, or no descriptor left
  Counter timeouts;                       // 408 and idle ones
  Counter frames_received;
  Counter events_pushed;  // events and states put into outboxes
  Counter slow_readers;   // closed with 1013
};

}  // namespace flashbid
