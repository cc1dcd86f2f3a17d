// Port: who looks on while a run's bidders bid. Called on the simulation's thread, which waits for it.
#pragma once

#include <cstdint>

#include "bots/floor.hpp"

namespace flashbid::bots {

class Observer {
 public:
  virtual ~Observer() = default;
  // How often it is told how the bidding goes.
  [[nodiscard]] virtual std::int64_t period_ms() const = 0;
  virtual void on_start(const Floor& floor) = 0;
  // A period is over; floor.latency_lately holds what was decided in it.
  virtual void on_period(const Floor& floor) = 0;
  // The last bids are answered. As on_period for what is left; what follows is reading and judging.
  virtual void on_end(const Floor& floor) = 0;
};

}  // namespace flashbid::bots
