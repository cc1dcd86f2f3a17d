#include "client/stream_bids.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace flashbid::client {

Awaitable<Result<BidResult>> StreamBids::place(BidSaid bid, Milliseconds patience) {
  constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
  const auto gives_up = std::chrono::steady_clock::now() + patience;
  const std::string id = fmt::format("b{}", ++last_);
  const std::string frame = bid_frame(id, bid);
  Bidding bidding(io_, chance_);
  waiting_.emplace(id, &bidding);
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (bidding.answer || now >= gives_up) break;
    const bool is_resting = now < bidding.rests_until;
    if (!bidding.is_sent && !is_resting) bidding.is_sent = stream_.send(frame);
    // Without a link it waits for the next one.
    bidding.changed.expires_at(!bidding.is_sent && is_resting ? std::min(bidding.rests_until, gives_up) : gives_up);
    co_await bidding.changed.async_wait(quietly);
  }
  waiting_.erase(id);
  if (bidding.answer) co_return std::move(*bidding.answer);
  if (bidding.is_sent) bidding.attempts.lost();
  co_return std::unexpected(bidding.attempts.given_up(bidding.met));
}

void StreamBids::opened() {
  for (const auto& [id, bidding] : waiting_) bidding->changed.cancel();
}

void StreamBids::lost() {
  for (const auto& [id, bidding] : waiting_) {
    if (!bidding->is_sent) continue;
    bidding->attempts.lost();
    bidding->is_sent = false;
    bidding->met = "the connection was lost";
  }
}

void StreamBids::hear(BidResultFrame frame) {
  const auto found = waiting_.find(frame.id);
  if (found == waiting_.end()) return;
  found->second->answer = std::move(frame.result);
  found->second->changed.cancel();
}

void StreamBids::hear(ErrorFrame frame) {
  const auto found = waiting_.find(frame.id);
  if (found == waiting_.end()) return;
  Bidding& bidding = *found->second;
  bidding.is_sent = false;
  bidding.met = frame.problem.detail;
  if (bidding.attempts.is_settled_by(frame.problem.code)) {
    bidding.answer = std::unexpected(std::move(frame.problem));
  } else {
    bidding.rests_until = std::chrono::steady_clock::now() + bidding.backoff.next();
  }
  bidding.changed.cancel();
}

}  // namespace flashbid::client
