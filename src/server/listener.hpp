// The listening socket. It is on loop 0, which hands the connections out to the loops in turn: with SO_REUSEPORT the
// kernel would spread a few dozen bidders by a hash, unevenly, and a second server could share the port unseen.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "server/loop_server.hpp"

namespace flashbid {

// Lives on loop 0's thread, but for open() and the destructor, which come before and after the loops run.
class Listener {
 public:
  Listener(std::vector<LoopServer*> loops, ServerShared& shared);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds and listens. Failure::invalid if the address cannot be had.
  [[nodiscard]] Result<void> open(const boost::asio::ip::tcp::endpoint& address);
  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return address_; }

  void start() { accept(); }
  void stop();

 private:
  void accept();
  void accepted(const boost::system::error_code& error, std::size_t loop, Connection::Socket socket);
  void out_of_descriptors();
  void pause();

  std::vector<LoopServer*> loops_;
  ServerShared& shared_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::ip::tcp::endpoint address_;
  std::size_t next_loop_ = 0;
  int reserve_ = -1;  // given up for a moment when no descriptor is left
};

}  // namespace flashbid
