// One simulated bidder: a coroutine that looks, thinks, bids and waits for its answer. Lives on the simulation's
// thread; outlives its coroutine.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>

#include "bots/floor.hpp"
#include "bots/temper.hpp"

namespace flashbid::bots {

class Bidder {
 public:
  Bidder(Floor& floor, std::uint32_t number, checker::BidderIndex name, std::uint64_t seed,
         std::unique_ptr<BidChannel> channel);

  [[nodiscard]] Awaitable<bool> ready() { return channel_->ready(); }
  // Bids until the floor's end, or until it is stopped.
  [[nodiscard]] Awaitable<void> run();
  // Open loop: one more bid should leave at `due_ns`. Snipers take no orders: they have their own time.
  [[nodiscard]] bool takes_orders() const { return temper_ != Temper::sniper; }
  void order(std::int64_t due_ns);
  // Ends a pause: it looks again whether there is anything to do.
  void wake() { timer_.cancel(); }
  // Ends every wait; the floor is stopped.
  void leave();

 private:
  [[nodiscard]] Awaitable<void> run_closed_loop();
  [[nodiscard]] Awaitable<void> run_open_loop();
  [[nodiscard]] Awaitable<void> snipe();
  // One bid with its retries. Latency counts from `due_ns`.
  [[nodiscard]] Awaitable<void> bid(std::size_t stall_number, std::int64_t due_ns);
  [[nodiscard]] Awaitable<void> send(checker::Operation operation, std::int64_t due_ns);
  [[nodiscard]] Awaitable<void> pause(std::int64_t ns);
  [[nodiscard]] const Glimpse& look(const Market::Stall& stall);
  [[nodiscard]] bool go_on() const;

  Floor& floor_;
  std::uint32_t number_;
  checker::BidderIndex name_;
  Temper temper_;
  Random random_;
  std::unique_ptr<BidChannel> channel_;
  boost::asio::steady_timer timer_;
  std::deque<std::int64_t> orders_;
  Glimpse remembered_;  // what it saw last, of the auction below
  AuctionId remembered_of_;
  std::uint64_t keys_made_ = 0;
};

}  // namespace flashbid::bots
