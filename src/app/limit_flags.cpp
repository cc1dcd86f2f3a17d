#include "app/limit_flags.hpp"

#include <CLI/Validators.hpp>

namespace flashbid {
namespace {

constexpr std::size_t usual_connections_per_address = 200;

template <class Number>
void add(CLI::App& serve, const char* flag, Number& value, const char* says, Number least, Number most) {
  serve.add_option(flag, value, says)->check(CLI::Range(least, most))->capture_default_str();
}

}  // namespace

void add_limit_flags(CLI::App& serve, LimitFlags& flags) {
  constexpr std::size_t mib = 1024 * 1024;
  constexpr std::int64_t day_ms = 86'400'000;
  add<std::size_t>(serve, "--max-connections", flags.max_connections, "open connections in all; more are answered 503",
                   1, 1'000'000);
  serve
      .add_option(
          "--max-connections-per-address", flags.max_connections_per_address,
          "open connections of one address (of IPv6 a /64), but for trusted proxies; more are answered 429; 0 = "
          "no limit; 200, with --dev 0")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}));
  add<std::size_t>(serve, "--max-header-bytes", flags.max_header_bytes, "the longest header of a request, in all",
                   1'024, mib);
  add<std::size_t>(serve, "--max-body-bytes", flags.max_body_bytes, "the longest body of a request", 1'024, 16 * mib);
  add<std::size_t>(serve, "--max-frame-bytes", flags.max_frame_bytes, "the longest message on a WebSocket", 1'024, mib);
  add<std::size_t>(serve, "--max-pipelined", flags.max_pipelined,
                   "requests of a connection read before they are answered", 1, 10'000);
  add<std::size_t>(serve, "--max-subscriptions", flags.max_subscriptions, "auctions that one WebSocket watches", 1,
                   1'000'000);
  add<std::size_t>(serve, "--max-bids-in-flight", flags.max_bids_in_flight,
                   "bids of each loop that wait to be decided; more are answered 503 at once", 1, 10'000'000);
  add<std::size_t>(serve, "--watcher-bytes", flags.watcher_bytes, "what may wait for one watcher before it is closed",
                   16 * 1024, 1024 * mib);
  add<std::size_t>(serve, "--watcher-frames", flags.watcher_frames, "how many frames of it", 16, 1'000'000);
  add<std::int64_t>(serve, "--header-timeout-ms", flags.header_timeout_ms,
                    "from a request's first byte to the end of its header; of TLS: for its handshake", 100, day_ms);
  add<std::int64_t>(serve, "--body-timeout-ms", flags.body_timeout_ms, "from there to the end of its body", 100,
                    day_ms);
  add<std::int64_t>(serve, "--idle-timeout-ms", flags.idle_timeout_ms, "how long a connection may say nothing", 1'000,
                    day_ms);
  add<std::int64_t>(serve, "--stall-timeout-ms", flags.stall_timeout_ms,
                    "how long a client may take nothing of an answer that waits for it", 1'000, day_ms);
  add<std::int64_t>(serve, "--drain-timeout-ms", flags.drain_timeout_ms,
                    "how long a connection stays after its last answer, so that it can be read", 0, 60'000);
  add<std::int64_t>(serve, "--heartbeat-ms", flags.heartbeat_ms,
                    "of silence on a stream, then it is asked whether anybody is there", 1'000, day_ms);
}

ServerLimits limits_of(const LimitFlags& flags, bool dev) {
  using std::chrono::milliseconds;
  ServerLimits limits;
  limits.connections = flags.max_connections;
  limits.connections_per_address = flags.max_connections_per_address.value_or(dev ? 0 : usual_connections_per_address);
  limits.http.header_bytes = flags.max_header_bytes;
  limits.http.target_bytes = std::min(limits.http.target_bytes, flags.max_header_bytes);
  limits.http.body_bytes = flags.max_body_bytes;
  limits.message_bytes = flags.max_frame_bytes;
  limits.pipelined = flags.max_pipelined;
  limits.subscriptions = flags.max_subscriptions;
  limits.bids_waiting = flags.max_bids_in_flight;
  limits.outbox = {flags.watcher_bytes, flags.watcher_frames};
  limits.header = milliseconds(flags.header_timeout_ms);
  limits.body = milliseconds(flags.body_timeout_ms);
  limits.idle = milliseconds(flags.idle_timeout_ms);
  limits.stalled = milliseconds(flags.stall_timeout_ms);
  limits.drain = milliseconds(flags.drain_timeout_ms);
  limits.heartbeat = milliseconds(flags.heartbeat_ms);
  return limits;
}

}  // namespace flashbid
