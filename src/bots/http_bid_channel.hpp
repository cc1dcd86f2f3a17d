// Bids over HTTP: POST /v1/auctions/{id}/bids on a keep-alive connection, as the dev mode's X-Bidder.
#pragma once

#include <simdjson.h>

#include "bots/bid_channel.hpp"
#include "bots/http_connection.hpp"

namespace flashbid::bots {

class HttpBidChannel final : public BidChannel {
 public:
  HttpBidChannel(Desk& desk, BidderIndex bidder, std::size_t server)
      : desk_(desk), bidder_(bidder), connection_(desk.io, desk.deadlines, desk.servers, server) {}
  [[nodiscard]] Awaitable<bool> ready() override { return connection_.ready(); }
  [[nodiscard]] Awaitable<bool> bid(Operation& operation) override;
  void close() override { connection_.close(); }

 private:
  void write_request(const Operation& operation);
  void read_answer_of(Operation& operation);

  Desk& desk_;
  BidderIndex bidder_;
  HttpConnection connection_;
  simdjson::dom::parser parser_;
  std::string request_;
};

}  // namespace flashbid::bots
