// One keep-alive connection that bids: which requests wait for their turn, which are on their way, and since when each
// counts. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "load/bid_request.hpp"
#include "load/reply_counts.hpp"
#include "shared/histogram.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {

class BidderConnection {
 public:
  // Bids on `requests` in turn. Accepted bids rise by one from `first_amount`; if rejections are wanted, the amount
  // stays the lowest one.
  BidderConnection(Descriptor socket, std::vector<BidRequest> requests, Answer wanted, std::int64_t first_amount);

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool alive() const { return static_cast<bool>(socket_); }
  [[nodiscard]] std::size_t in_flight() const { return flying_.size(); }
  [[nodiscard]] std::int64_t next_amount() const { return amount_; }

  // One more request, whose latency counts from `due_ns`. It leaves with send_due().
  void add(std::int64_t due_ns) { waiting_.push_back(due_ns); }
  // Sends, in one write, what waits while no more than `depth` are in flight. False if the peer has gone.
  bool send_due(std::size_t depth);
  // Reads once and counts the replies. How many; after the peer has gone, what was in flight is counted as lost.
  std::size_t receive(ReplyCounts& counts, Histogram& latency);

 private:
  void lose(ReplyCounts& counts);

  Descriptor socket_;
  std::vector<BidRequest> requests_;
  Answer wanted_;
  std::int64_t amount_;
  std::size_t turn_ = 0;
  std::deque<std::int64_t> waiting_;
  std::deque<std::int64_t> flying_;
  std::string output_;
  std::size_t input_bytes_ = 0;
  std::vector<char> input_;
};

}  // namespace flashbid::bench
