// How one bidder's bids reach the server, over HTTP or WebSocket: one at a time. Lives on the simulation's thread.
#pragma once

#include <string>
#include <string_view>

#include "bots/login.hpp"
#include "checker/history.hpp"
#include "client/line.hpp"
#include "client/writing.hpp"

namespace flashbid::bots {

using client::Awaitable;
using client::Deadlines;
using client::Endpoint;
using client::now_ns;

// What every channel shares: where the servers are, and where what they say is put down.
struct Desk {
  boost::asio::io_context& io;
  Deadlines& deadlines;
  std::vector<Endpoint> servers;  // nodes of one FlashBid, at least one
  std::string authority;          // of the first, for the Host header
  Login login;
  checker::History& history;
  boost::unordered_flat_map<std::string, std::uint64_t>& refused_by_code;
  std::int64_t answer_timeout_ns = 10'000'000'000;
  bool abandoned = false;  // nobody asks anything any more
};

class BidChannel {
 public:
  virtual ~BidChannel() = default;
  // Connects if there is no connection; false if that fails.
  [[nodiscard]] virtual Awaitable<bool> ready() = 0;
  // Sends the bid and waits for its outcome, which it writes into `operation` with its times. False if nothing was
  // sent.
  [[nodiscard]] virtual Awaitable<bool> bid(checker::Operation& operation) = 0;
  virtual void close() = 0;
};

// What is sent of an operation.
[[nodiscard]] client::BidSaid said_by(const checker::Operation& operation, const Desk& desk);
// An HTTP problem or error frame: outcome refused, or unknown if the code says so; counted by code.
void take_refusal(std::string_view code, checker::Operation& operation, Desk& desk);

}  // namespace flashbid::bots
