// The server's clock, as seen from here: the offset that the quickest of the last answers showed, for half of an
// answer's way is the most by which it can be wrong. Pure: the caller says what its own clock shows.
#pragma once

#include <deque>
#include <optional>

#include "flashbid/types.hpp"

namespace flashbid::client {

class ServerClock {
 public:
  // A question sent at `sent` was answered with `server_time` at `heard`, both of this machine's clock.
  void measured(Time sent, Time heard, Time server_time);
  // Of the server's clock ahead of ours; zero while nothing is known.
  [[nodiscard]] Milliseconds offset() const { return best_ ? best_->offset : Milliseconds(0); }
  // By how much it may be wrong; none = not measured yet.
  [[nodiscard]] std::optional<Milliseconds> uncertainty() const;

 private:
  struct Sample {
    Milliseconds offset;
    Milliseconds round_trip;
  };
  [[nodiscard]] static bool agree(const Sample& one, const Sample& other);
  std::deque<Sample> samples_;
  std::optional<Sample> best_;
};

}  // namespace flashbid::client
