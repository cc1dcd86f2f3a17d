// How much of everything one client may have, as `serve` is told. Values, and the flags that set them.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/limits.hpp"

namespace flashbid {

struct LimitFlags {
  std::size_t max_connections = 20'000;
  std::optional<std::size_t> max_connections_per_address;  // left out: 200, with --dev no limit
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 128 * 1024;
  std::size_t max_frame_bytes = 16 * 1024;
  std::size_t max_pipelined = 128;
  std::size_t max_subscriptions = 1'000;
  std::size_t max_bids_in_flight = 20'000;
  std::size_t watcher_bytes = 1024 * 1024;
  std::size_t watcher_frames = 8'192;
  std::int64_t header_timeout_ms = 10'000;
  std::int64_t body_timeout_ms = 20'000;
  std::int64_t idle_timeout_ms = 75'000;
  std::int64_t stall_timeout_ms = 20'000;
  std::int64_t drain_timeout_ms = 1'000;
  std::int64_t heartbeat_ms = 20'000;
};

void add_limit_flags(CLI::App& serve, LimitFlags& flags);
[[nodiscard]] ServerLimits limits_of(const LimitFlags& flags, bool dev);

}  // namespace flashbid
