// What the command line says, checked: one struct a command. Values only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/access_flags.hpp"
#include "app/limit_flags.hpp"
#include "app/log.hpp"

namespace flashbid {

struct ServeOptions {
  bool dev = false;
  bool demo = false;
  AccessFlags access;
  std::string listen = "127.0.0.1:8080";
  std::string tls_cert;  // files; both or none
  std::string tls_key;
  std::string redirect_listen;  // empty = none
  std::uint16_t redirect_port = 0;
  std::int64_t hsts_seconds = 31'536'000;
  std::string data = "flashbid-data";
  std::string engine = "embedded";
  std::string archive;    // postgres://…; empty = none
  bool no_relay = false;  // the archive is written by `flashbid relay`
  std::string durability = "fsync";
  unsigned shards = 0;           // of the Redis engine; 0 = as Redis says
  bool redis_unchecked = false;  // the operator vouches for Redis's settings
  LogFlags log;
  std::size_t threads = 0;  // 0 = one a core
  LimitFlags limits;
};

// ADDR:PORT with a numeric address, or localhost: 127.0.0.1:8080, [::1]:0.
[[nodiscard]] std::optional<boost::asio::ip::tcp::endpoint> parse_address(std::string_view text);

}  // namespace flashbid
