// The listening socket. It is on loop 0, which hands the connections out to the loops in turn: with SO_REUSEPORT the
// kernel would spread a few dozen bidders by a hash, unevenly, and a second server could share the port unseen.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "server/loop_server.hpp"
#include "server/socket.hpp"

namespace flashbid {

// Lives on loop 0's thread, but for open() and the destructor, which come before and after the loops run.
class Listener final : private Loop::Watched {
 public:
  Listener(std::vector<LoopServer*> loops, ServerShared& shared, Entrance entrance);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() = default;

  // Binds and listens. Failure::invalid if the address cannot be had.
  [[nodiscard]] Result<void> open(const boost::asio::ip::tcp::endpoint& address);
  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return address_; }

  void start();
  void stop() { socket_.close(); }

 private:
  void on_ready(std::uint32_t events) override;
  // Takes all that wait.
  void accept();
  void accepted(Socket socket);
  // Whether one that waited was refused.
  [[nodiscard]] bool refuse_next();
  void out_of_descriptors();
  void refuse(const Socket& socket, const WireError& why) const;
  void send_away(Socket socket, NoConnection why);
  void pause();

  std::vector<LoopServer*> loops_;
  ServerShared& shared_;
  const Entrance entrance_;
  Socket socket_;
  Socket reserve_;  // given up for a moment when no descriptor is left
  boost::asio::ip::tcp::endpoint address_;
  std::size_t next_loop_ = 0;
  std::deque<Socket> sent_away_;  // refused a moment ago; the oldest first
  bool paused_ = false;
  std::optional<std::chrono::steady_clock::time_point> told_;  // last, that descriptors ran out
};

}  // namespace flashbid
