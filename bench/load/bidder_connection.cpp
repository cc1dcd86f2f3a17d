#include "load/bidder_connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace flashbid::bench {

BidderConnection::BidderConnection(Descriptor socket, std::vector<BidRequest> requests, Answer wanted,
                                   std::int64_t first_amount)
    : socket_(std::move(socket)),
      requests_(std::move(requests)),
      wanted_(wanted),
      amount_(first_amount),
      input_(64 * 1024) {}

bool BidderConnection::send_due(std::size_t depth) {
  output_.clear();
  while (!waiting_.empty() && flying_.size() < depth) {
    output_ += requests_[turn_].with_amount(amount_);
    turn_ = turn_ + 1 == requests_.size() ? 0 : turn_ + 1;
    if (wanted_ == Answer::accepted) ++amount_;
    flying_.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return output_.empty() || send_all(fd(), output_);
}

std::size_t BidderConnection::receive(ReplyCounts& counts, Histogram& latency) {
  const ssize_t got = recv(fd(), input_.data() + input_bytes_, input_.size() - input_bytes_, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0) {
    lose(counts);
    return 0;
  }
  const std::int64_t arrived_ns = now_ns();
  input_bytes_ += static_cast<std::size_t>(got);
  std::size_t taken = 0;
  std::size_t replies = 0;
  while (const auto message = scan_message({input_.data() + taken, input_bytes_ - taken})) {
    const std::string_view reply{input_.data() + taken, message->total_bytes};
    counts.count(reply, *message, wanted_);
    taken += message->total_bytes;
    if (flying_.empty()) {
      ++counts.unexpected;  // an answer that nobody asked for
      continue;
    }
    latency.record(arrived_ns - flying_.front());
    flying_.pop_front();
    ++replies;
  }
  input_bytes_ -= taken;
  if (input_bytes_ != 0) std::memmove(input_.data(), input_.data() + taken, input_bytes_);
  return replies;
}

void BidderConnection::lose(ReplyCounts& counts) {
  counts.lost += flying_.size();
  counts.unexpected += flying_.size();
  flying_.clear();
  waiting_.clear();
  socket_ = Descriptor();
}

}  // namespace flashbid::bench
