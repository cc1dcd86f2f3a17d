#include "bots/http_bid_channel.hpp"

#include <fmt/format.h>

#include "checker/reading.hpp"

namespace flashbid::bots {

client::BidSaid said_by(const checker::Operation& operation, const Desk& desk) {
  client::BidSaid said{operation.auction.value(), operation.amount.value(), {}};
  if (operation.key != checker::no_key) said.key = desk.history.keys[operation.key];
  return said;
}

void take_refusal(std::string_view code, checker::Operation& operation, Desk& desk) {
  operation.outcome = code == "outcome_unknown" ? checker::Outcome::unknown : checker::Outcome::refused;
  ++desk.refused_by_code[std::string(code)];
}

void HttpBidChannel::write_request(const checker::Operation& operation) {
  if (login_header_.empty()) login_header_ = desk_.login.header(std::string(desk_.history.bidders[bidder_]));
  client::write_bid_request(said_by(operation, desk_), {desk_.authority, login_header_}, request_);
}

Awaitable<bool> HttpBidChannel::bid(checker::Operation& operation) {
  write_request(operation);
  const client::Exchanged exchanged = co_await connection_.exchange(request_, desk_.answer_timeout_ns);
  if (exchanged == client::Exchanged::not_sent) co_return false;
  operation.sent_ns = connection_.sent_ns();
  if (exchanged == client::Exchanged::answered) {
    read_answer_of(operation);
  } else {
    operation.outcome = checker::Outcome::unknown;
    if (exchanged == client::Exchanged::malformed)
      desk_.history.malformed.emplace_back("a bid was answered by no HTTP response");
  }
  co_return true;
}

void HttpBidChannel::read_answer_of(checker::Operation& operation) {
  const client::Response& response = connection_.response();
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
