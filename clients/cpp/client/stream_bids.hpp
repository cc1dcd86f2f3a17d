// Bids over the socket that wait for their answer. One bid is one key: it is sent again until it is answered, which has
// one effect. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>

#include "client/attempts.hpp"
#include "client/backoff.hpp"
#include "client/frames.hpp"
#include "client/stream.hpp"
#include "client/writing.hpp"

namespace flashbid::client {

class StreamBids {
 public:
  StreamBids(boost::asio::io_context& io, Stream& stream, Chance chance)
      : io_(io), stream_(stream), chance_(std::move(chance)) {}

  [[nodiscard]] Awaitable<Result<BidResult>> place(BidSaid bid, Milliseconds patience);

  void opened();
  void lost();
  void hear(BidResultFrame frame);
  void hear(ErrorFrame frame);

 private:
  struct Bidding {
    Bidding(boost::asio::io_context& io, Chance chance) : changed(io), backoff(std::move(chance)) {}
    boost::asio::steady_timer changed;  // ends early when any of this has
    Attempts attempts{true};
    Backoff backoff;
    bool is_sent = false;  // over the link that is there now
    std::optional<Result<BidResult>> answer;
    std::string met = "there is no connection to the server";
    std::chrono::steady_clock::time_point rests_until;
  };
  boost::asio::io_context& io_;
  Stream& stream_;
  Chance chance_;
  std::map<std::string, Bidding*, std::less<>> waiting_;  // by the id of the frame
  std::uint64_t last_ = 0;
};

}  // namespace flashbid::client
