#include "bots/http_bid_channel.hpp"

#include <fmt/format.h>

#include <iterator>

#include "checker/reading.hpp"

namespace flashbid::bots {

void take_refusal(std::string_view code, checker::Operation& operation, Desk& desk) {
  operation.outcome = code == "outcome_unknown" ? checker::Outcome::unknown : checker::Outcome::refused;
  ++desk.refused_by_code[std::string(code)];
}

void HttpBidChannel::write_request(const checker::Operation& operation) {
  const std::string body = fmt::format(R"({{"amount":{}}})", operation.amount.value());
  if (login_header_.empty()) login_header_ = desk_.login.header(std::string(desk_.history.bidders[bidder_]));
  request_.clear();
  const auto out = std::back_inserter(request_);
  fmt::format_to(out, "POST /v1/auctions/{}/bids HTTP/1.1\r\nHost: {}\r\n{}", operation.auction.value(),
                 desk_.authority, login_header_);
  if (operation.key != checker::no_key)
    fmt::format_to(out, "Idempotency-Key: {}\r\n", desk_.history.keys[operation.key]);
  fmt::format_to(out, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

Awaitable<bool> HttpBidChannel::bid(checker::Operation& operation) {
  write_request(operation);
  const Exchanged exchanged = co_await connection_.exchange(request_, desk_.answer_timeout_ns);
  if (exchanged == Exchanged::not_sent) co_return false;
  operation.sent_ns = connection_.sent_ns();
  if (exchanged == Exchanged::answered) {
    read_answer_of(operation);
  } else {
    operation.outcome = checker::Outcome::unknown;
    if (exchanged == Exchanged::malformed)
      desk_.history.malformed.emplace_back("a bid was answered by no HTTP response");
  }
  co_return true;
}

void HttpBidChannel::read_answer_of(checker::Operation& operation) {
  const Response& response = connection_.response();
  operation.answered_ns = connection_.answered_ns();
  operation.status = static_cast<std::uint16_t>(response.status);
  simdjson::dom::element json;
  const bool is_json = parser_.parse(response.body.data(), response.body.size()).get(json) == simdjson::SUCCESS;
  std::string problem = "it is not JSON";
  if (is_json && response.status == 200) {
    const auto read = read_answer(json, desk_.history.bidders, operation);
    if (read) return;
    problem = read.error().detail;
  } else if (is_json) {
    checker::Fields fields(json);
    const std::string_view code = fields.text("code");
    if (fields.good()) return take_refusal(code, operation, desk_);
    problem = fields.error();
  }
  operation.outcome = checker::Outcome::unknown;
  desk_.history.malformed.push_back(fmt::format("a bid was answered with status {} and {}: {}", response.status,
                                                response.body.substr(0, 300), problem));
}

}  // namespace flashbid::bots
