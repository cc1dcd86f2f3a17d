// What the command line says, checked: one struct a command. Values only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flashbid {

struct ServeOptions {
  bool dev = false;
  bool demo = false;
  std::string jwt_key;
  std::string listen = "127.0.0.1:8080";
  std::string data = "flashbid-data";
  std::string engine = "embedded";
  std::string archive;    // postgres://…; empty = none
  bool no_relay = false;  // the archive is written by `flashbid relay`
  std::string durability = "fsync";
  unsigned shards = 0;           // of the Redis engine; 0 = as Redis says
  bool redis_unchecked = false;  // the operator vouches for Redis's settings
  std::string log_level = "info";
  std::size_t threads = 0;  // 0 = one a core
  std::size_t max_connections = 20'000;
  std::size_t max_body_bytes = 128 * 1024;
  std::size_t max_pipelined = 128;
  std::size_t watcher_bytes = 1024 * 1024;
  std::size_t watcher_frames = 8'192;
  std::int64_t idle_timeout_ms = 75'000;
};

// ADDR:PORT with a numeric address, or localhost: 127.0.0.1:8080, [::1]:0.
[[nodiscard]] std::optional<boost::asio::ip::tcp::endpoint> parse_address(std::string_view text);

}  // namespace flashbid
