// Bids over a WebSocket of the bidder's own: auth frame, then bid frames, one in flight.
#pragma once

#include <simdjson.h>

#include <boost/asio/steady_timer.hpp>

#include "bots/bid_channel.hpp"
#include "client/websocket_connection.hpp"

namespace flashbid::bots {

class WebSocketBidChannel final : public BidChannel {
 public:
  WebSocketBidChannel(Desk& desk, checker::BidderIndex bidder, std::size_t server);
  [[nodiscard]] Awaitable<bool> ready() override;
  [[nodiscard]] Awaitable<bool> bid(checker::Operation& operation) override;
  void close() override { connection_.close(); }

 private:
  // Reads frames as long as the connection lives: answers to bids, and pings in between.
  [[nodiscard]] Awaitable<void> read_frames();
  void take_frame(const std::string& text);

  Desk& desk_;
  checker::BidderIndex bidder_;
  client::WebSocketConnection connection_;
  boost::asio::steady_timer answered_;  // cancelled when the bid in flight has its outcome
  simdjson::dom::parser parser_;
  checker::Operation* in_flight_ = nullptr;
  std::uint64_t serial_ = 0;  // of the last bid; its frame id
  bool reading_ = false;
};

}  // namespace flashbid::bots
