// One connection on one machine: what a session writes into its channel comes out at the other end. It has room for
// whatever is written at a time. One thread.
#pragma once

#include <sys/socket.h>

#include <array>
#include <string>

#include "base/assert.hpp"
#include "server/channel.hpp"

namespace flashbid::simulation {

class Connection {
 public:
  Connection() { renew(); }

  // The one before is lost, with what was on its way.
  void renew() {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0, "a pair of sockets can be made");
    channel_ = Channel(Socket(ends[0]));
    far_end_ = Socket(ends[1]);
  }
  [[nodiscard]] Channel& channel() { return channel_; }
  // All that has come.
  std::string receive() {
    std::string received;
    std::array<char, 4096> part{};
    for (;;) {
      const ssize_t size = ::recv(far_end_.descriptor(), part.data(), part.size(), MSG_DONTWAIT);
      if (size <= 0) return received;
      received.append(part.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  Channel channel_;
  Socket far_end_;
};

}  // namespace flashbid::simulation
