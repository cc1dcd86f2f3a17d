#include "bots/bidder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cmath>

namespace flashbid::bots {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr int max_attempts = 8;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Bidder::Bidder(Floor& floor, std::uint32_t number, checker::BidderIndex name, std::uint64_t seed,
               std::unique_ptr<BidChannel> channel)
    : floor_(floor),
      number_(number),
      name_(name),
      temper_(temper_of(number)),
      random_(seed),
      channel_(std::move(channel)),
      timer_(floor.desk.io) {}

bool Bidder::go_on() const { return !floor_.stopped && now_ns() < floor_.end_ns && !floor_.market.over(); }

Awaitable<void> Bidder::run() {
  if (temper_ == Temper::sniper) {
    co_await snipe();
  } else if (floor_.open_loop) {
    co_await run_open_loop();
  } else {
    co_await run_closed_loop();
  }
  --floor_.bidding;
}

void Bidder::leave() {
  timer_.cancel();
  channel_->close();
}

Awaitable<void> Bidder::pause(std::int64_t ns) {
  timer_.expires_after(std::chrono::nanoseconds(ns));
  co_await timer_.async_wait(quietly);
}

Awaitable<void> Bidder::run_closed_loop() {
  std::exponential_distribution<double> think(1.0 / std::max(1.0, static_cast<double>(floor_.think.ms)));
  while (go_on()) {
    if (floor_.think.ms > 0) {
      const double ms = std::min(think(random_), static_cast<double>(floor_.think.ms) * 5);
      co_await pause(static_cast<std::int64_t>(ms * ns_per_ms));
      if (!go_on()) break;
    }
    co_await bid(random_() % floor_.market.size(), 0);
  }
}

void Bidder::order(std::int64_t due_ns) {
  orders_.push_back(due_ns);
  timer_.cancel();
}

Awaitable<void> Bidder::run_open_loop() {
  while (!floor_.stopped && !floor_.market.over()) {
    if (orders_.empty()) {
      if (now_ns() >= floor_.end_ns) break;
      timer_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await timer_.async_wait(quietly);
      continue;
    }
    const std::int64_t due_ns = orders_.front();
    orders_.pop_front();
    co_await bid(random_() % floor_.market.size(), due_ns);
  }
  orders_.clear();
}

// Waits for the last moments of its auction, or of the run if that ends sooner; again after each extension.
Awaitable<void> Bidder::snipe() {
  const std::size_t stall_number = number_ % floor_.market.size();
  const Market::Stall& stall = floor_.market.stall(stall_number);
  Duration lead = snipe_lead(random_);
  while (!floor_.stopped) {
    if (stall.newest.state == AuctionState::closed || stall.newest.state == AuctionState::cancelled) break;
    const std::int64_t server_ms = wall_ms() + floor_.market.clock_offset.ms;
    const std::int64_t until_close_ms = stall.newest.closes_at.ms - server_ms;
    const std::int64_t until_end_ms = (floor_.end_ns - now_ns()) / ns_per_ms;
    const bool closes_in_run = until_close_ms < until_end_ms + 10'000;
    if (!closes_in_run && until_end_ms <= 0) break;
    if (until_close_ms < -5000) break;  // nobody tells of a close: not a sniper's business
    const std::int64_t wait_ms = (closes_in_run ? until_close_ms : until_end_ms) - lead.ms;
    if (wait_ms > 0) {
      co_await pause(std::min<std::int64_t>(wait_ms, 100) * ns_per_ms);
      continue;
    }
    co_await bid(stall_number, 0);
    lead = snipe_lead(random_);
    co_await pause(static_cast<std::int64_t>(5 + random_() % 40) * ns_per_ms);
  }
}

// Mostly the newest there is; else what it saw before, which may be long beaten.
const Glimpse& Bidder::look(const Market::Stall& stall) {
  if (remembered_of_ != stall.id || random_() % 4 != 0) {
    remembered_ = stall.newest;
    remembered_of_ = stall.id;
  }
  return remembered_;
}

Awaitable<void> Bidder::bid(std::size_t stall_number, std::int64_t due_ns) {
  const Market::Stall& stall = floor_.market.stall(stall_number);
  const Glimpse& seen = look(stall);
  auto amount = next_amount(temper_, seen, name_, stall.opening, random_);
  if (!amount && floor_.open_loop && takes_orders())
    amount = seen.minimum_next.value_or(stall.opening);  // an order is an order
  if (!amount) {
    if (floor_.think.ms == 0) co_await pause(ns_per_ms);
    co_return;
  }
  checker::Operation operation{.auction = stall.id, .bidder = name_, .amount = *amount};
  if (floor_.keys) {
    operation.key = floor_.desk.history.keys.index_of(
        fmt::format("s{}-{}-{}", floor_.desk.history.seed % 1'000'000, number_, ++keys_made_));
  }
  co_await send(operation, due_ns);
}

Awaitable<void> Bidder::send(checker::Operation blank, std::int64_t due_ns) {
  bool asked_twice = false;
  std::int64_t backoff_ns = 50 * ns_per_ms;
  for (int attempt = 0; attempt < max_attempts && !floor_.stopped; ++attempt) {
    checker::Operation operation = blank;
    const bool sent = co_await channel_->bid(operation);
    if (sent) {
      floor_.record(operation, due_ns == 0 ? operation.sent_ns : due_ns);
      due_ns = 0;
    } else {
      ++floor_.not_sent;
    }
    const bool decided =
        sent && operation.outcome != checker::Outcome::refused && operation.outcome != checker::Outcome::unknown;
    if (decided) {
      // Now and then somebody asks again although the answer came: it must be the same one.
      if (blank.key == checker::no_key || asked_twice || random_() % 50 != 0) co_return;
      asked_twice = true;
      continue;
    }
    co_await pause(backoff_ns);
    backoff_ns = std::min(backoff_ns * 2, 1000 * ns_per_ms);
    const bool worth_retrying =
        !sent || (blank.key != checker::no_key && operation.outcome == checker::Outcome::unknown);
    if (!worth_retrying) co_return;
  }
}

}  // namespace flashbid::bots
