// Bids over HTTP: POST /v1/auctions/{id}/bids on a keep-alive connection, by whoever the login says.
#pragma once

#include <simdjson.h>

#include "bots/bid_channel.hpp"
#include "client/http_connection.hpp"

namespace flashbid::bots {

class HttpBidChannel final : public BidChannel {
 public:
  HttpBidChannel(Desk& desk, checker::BidderIndex bidder, std::size_t server)
      : desk_(desk), bidder_(bidder), connection_(desk.io, desk.deadlines, desk.servers, server) {}
  [[nodiscard]] Awaitable<bool> ready() override { return connection_.ready(); }
  [[nodiscard]] Awaitable<bool> bid(checker::Operation& operation) override;
  void close() override { connection_.close(); }

 private:
  void write_request(const checker::Operation& operation);
  void read_answer_of(checker::Operation& operation);

  Desk& desk_;
  checker::BidderIndex bidder_;
  client::HttpConnection connection_;
  simdjson::dom::parser parser_;
  std::string request_;
  std::string login_header_;
};

}  // namespace flashbid::bots
