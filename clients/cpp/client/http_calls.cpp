#include "client/http_calls.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "client/attempts.hpp"
#include "client/reading.hpp"

namespace flashbid::client {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::size_t kept = 8;

Problem problem_of(const Response& response) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  // Not the server's own words, but those of a balancer before it, say: what it has let pass may stand.
  Problem problem{.code = "internal", .detail = fmt::format("the answer is status {}", response.status)};
  std::string_view code;
  const bool is_json = parser.parse(response.body.data(), response.body.size()).get(json) == simdjson::SUCCESS;
  if (is_json && json["code"].get(code) == simdjson::SUCCESS) problem = read_problem(json);
  problem.status = response.status;
  const std::string_view after = header_value(response.head, "retry-after");
  unsigned seconds = 0;
  if (std::from_chars(after.data(), after.data() + after.size(), seconds).ec == std::errc())
    problem.retry_after = std::chrono::seconds(seconds);
  return problem;
}

}  // namespace

HttpCalls::Counter& HttpCalls::take() {
  for (const auto& counter : counters_) {
    if (counter->is_taken) continue;
    counter->is_taken = true;
    return *counter;
  }
  counters_.push_back(std::make_unique<Counter>(io_, deadlines_, servers_.endpoints(), counters_.size()));
  counters_.back()->is_taken = true;
  return *counters_.back();
}

void HttpCalls::give_back(Counter& counter) {
  counter.is_taken = false;
  if (counters_.size() > kept) std::erase_if(counters_, [&](const auto& each) { return each.get() == &counter; });
}

Awaitable<Result<std::string>> HttpCalls::ask(std::string request, bool has_effect, Milliseconds patience) {
  const std::int64_t gives_up_ns = now_ns() + std::chrono::nanoseconds(patience).count();
  Attempts attempts(has_effect);
  Backoff backoff(chance_);
  for (;;) {
    std::string met = "there is no connection to the server";
    if (co_await servers_.found()) {
      Counter& counter = take();
      const Exchanged exchanged = co_await counter.connection.exchange(request, gives_up_ns - now_ns());
      if (exchanged == Exchanged::answered) {
        const Response& response = counter.connection.response();
        if (response.status / 100 == 2) {
          std::string body(response.body);
          give_back(counter);
          co_return body;
        }
        Problem problem = problem_of(response);
        give_back(counter);
        if (attempts.is_settled_by(problem.code)) co_return std::unexpected(std::move(problem));
        met = problem.detail;
      } else {
        give_back(counter);
        servers_.doubt();
        if (exchanged != Exchanged::not_sent) {
          attempts.lost();
          met = "the connection was lost";
        }
      }
    }
    const Milliseconds pause = backoff.next();
    if (now_ns() + std::chrono::nanoseconds(pause).count() >= gives_up_ns)
      co_return std::unexpected(attempts.given_up(met));
    boost::asio::steady_timer resting(io_, pause);
    co_await resting.async_wait(quietly);
  }
}

}  // namespace flashbid::client
