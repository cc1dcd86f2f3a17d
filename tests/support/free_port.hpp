// A port of loopback that nobody has at this moment, for a server that a test starts, stops and starts again. It is
// none of those that the kernel gives to clients (from 32768), one of which could take it meanwhile; nor is the port of
// a Redis node's bus, 10,000 above.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>

#include "base/assert.hpp"

namespace flashbid::testing {

inline int free_port() {
  static std::mt19937 dice{std::random_device{}()};  // processes that run side by side
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(10'000 + dice() % 10'000);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool is_free = ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(listener);
    if (is_free) return port;
  }
  require(false, "a free port of loopback");
  return 0;
}

}  // namespace flashbid::testing
