// Which bids of a loop's round have their stages measured (engine/bid_stages.hpp): every one where few come; where many
// do, about eight, evenly spread, as that tells as much and costs less. One loop's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace flashbid {

class MeasuredBids {
 public:
  static constexpr std::size_t wanted_a_round = 8;

  // Whether the bid that has just come is one.
  [[nodiscard]] bool takes_next() { return came_++ % one_in_ == 0; }
  // The next round is held to be like this one; one without bids tells nothing.
  void end_round() {
    if (came_ > 0) one_in_ = std::max<std::size_t>(1, std::exchange(came_, 0) / wanted_a_round);
  }

 private:
  std::size_t came_ = 0;  // in this round
  std::size_t one_in_ = 1;
};

}  // namespace flashbid
