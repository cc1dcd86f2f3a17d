#include "bots/websocket_bid_channel.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "checker/reading.hpp"

namespace flashbid::bots {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace

WebSocketBidChannel::WebSocketBidChannel(Desk& desk, checker::BidderIndex bidder, std::size_t server)
    : desk_(desk),
      bidder_(bidder),
      connection_(desk.io, desk.deadlines, desk.servers, server, desk.authority, {}),
      answered_(desk.io) {}

Awaitable<bool> WebSocketBidChannel::ready() {
  if (connection_.is_open() && reading_) co_return true;
  if (reading_) co_return false;  // the reader has not seen the end yet
  if (!co_await connection_.open()) co_return false;
  if (!connection_.send(desk_.login.frame(std::string(desk_.history.bidders[bidder_])))) co_return false;
  reading_ = true;
  boost::asio::co_spawn(desk_.io, read_frames(), boost::asio::detached);
  co_return true;
}

Awaitable<bool> WebSocketBidChannel::bid(checker::Operation& operation) {
  if (!co_await ready()) co_return false;
  const std::string frame = client::bid_frame(fmt::format("b{}", ++serial_), said_by(operation, desk_));
  operation.outcome = checker::Outcome::unknown;
  in_flight_ = &operation;
  operation.sent_ns = now_ns();
  if (connection_.send(frame)) {
    answered_.expires_after(std::chrono::nanoseconds(desk_.answer_timeout_ns));
    co_await answered_.async_wait(quietly);
  }
  if (in_flight_ != nullptr) connection_.close();  // no answer in time: a late one must find nobody
  in_flight_ = nullptr;
  co_return true;
}

Awaitable<void> WebSocketBidChannel::read_frames() {
  std::string text;
  while (co_await connection_.next(text)) take_frame(text);
  reading_ = false;
  answered_.cancel();
}

void WebSocketBidChannel::take_frame(const std::string& text) {
  const std::int64_t seen_ns = now_ns();
  simdjson::dom::element json;
  const auto malformed = [&](std::string_view why) {
    desk_.history.malformed.push_back(fmt::format("a bidder was sent the frame {}: {}", text.substr(0, 300), why));
  };
  if (parser_.parse(text).get(json) != simdjson::SUCCESS) return malformed("it is not JSON");
  checker::Fields fields(json);
  const std::string_view type = fields.text("type");
  const auto id_field = fields.find("id");
  std::string_view id;
  const bool is_ours = id_field && id_field->get(id) == simdjson::SUCCESS && id == fmt::format("b{}", serial_);
  if (!is_ours || in_flight_ == nullptr) {
    if (type == "error") ++desk_.refused_by_code[std::string(fields.text("code"))];
    if (!fields.good()) malformed(fields.error());
    return;
  }
  checker::Operation& operation = *in_flight_;
  operation.answered_ns = seen_ns;
  if (type == "bid_result") {
    operation.status = 200;
    if (const auto read = read_answer(json, desk_.history.bidders, operation); !read) {
      operation.outcome = checker::Outcome::unknown;
      malformed(read.error().detail);
    }
  } else if (type == "error") {
    const std::string_view code = fields.text("code");
    if (!fields.good()) return malformed(fields.error());
    take_refusal(code, operation, desk_);
  } else {
    return malformed("a bid's id on another type of frame");
  }
  in_flight_ = nullptr;
  answered_.cancel();
}

}  // namespace flashbid::bots
