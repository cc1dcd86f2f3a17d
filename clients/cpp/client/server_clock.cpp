#include "client/server_clock.hpp"

#include <algorithm>

namespace flashbid::client {
namespace {

constexpr std::size_t kept = 8;
constexpr Milliseconds drift{50};  // of two good clocks, while a sample is kept
constexpr Milliseconds resolution{1};

}  // namespace

// Both can be true of the same two clocks.
bool ServerClock::agree(const Sample& one, const Sample& other) {
  const auto apart = one.offset > other.offset ? one.offset - other.offset : other.offset - one.offset;
  return apart <= (one.round_trip + other.round_trip) / 2 + drift;
}

void ServerClock::measured(Time sent, Time heard, Time server_time) {
  const Sample newest{server_time - (sent + (heard - sent) / 2), heard - sent};
  if (newest.round_trip < Milliseconds(0)) return;  // a clock that was set back meanwhile tells nothing
  // What the newest cannot agree with was measured before one of the clocks was set.
  std::erase_if(samples_, [&](const Sample& sample) { return !agree(sample, newest); });
  samples_.push_back(newest);
  if (samples_.size() > kept) samples_.pop_front();
  best_ = samples_.back();
  for (const Sample& sample : samples_) {
    if (sample.round_trip < best_->round_trip) best_ = sample;
  }
}

std::optional<Milliseconds> ServerClock::uncertainty() const {
  return best_ ? std::optional(best_->round_trip / 2 + resolution) : std::nullopt;
}

}  // namespace flashbid::client
