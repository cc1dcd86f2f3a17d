// How long something took, counted in fixed steps from a microsecond to five seconds. Written by one thread, read by
// any; no lock, and no memory beyond its counters.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace flashbid {

// What lengths of time are measured by. It decides nothing: that is the Clock's.
using Stopwatch = std::chrono::steady_clock;

// The upper ends of the steps; what took longer is in one more. All histograms have the same, so that they add up.
inline constexpr std::array<std::chrono::nanoseconds, 20> histogram_bounds{
    std::chrono::microseconds{1},   std::chrono::microseconds{2},   std::chrono::microseconds{5},
    std::chrono::microseconds{10},  std::chrono::microseconds{20},  std::chrono::microseconds{50},
    std::chrono::microseconds{100}, std::chrono::microseconds{200}, std::chrono::microseconds{500},
    std::chrono::milliseconds{1},   std::chrono::milliseconds{2},   std::chrono::milliseconds{5},
    std::chrono::milliseconds{10},  std::chrono::milliseconds{20},  std::chrono::milliseconds{50},
    std::chrono::milliseconds{100}, std::chrono::milliseconds{200}, std::chrono::milliseconds{500},
    std::chrono::seconds{1},        std::chrono::seconds{5}};

// What a histogram held at one moment.
struct HistogramCounts {
  std::array<std::uint64_t, histogram_bounds.size() + 1> steps{};  // not cumulative
  std::chrono::nanoseconds sum{0};
};

class Histogram {
 public:
  // `times` things took as long each.
  void add(std::chrono::nanoseconds took, std::uint64_t times = 1) {
    const auto step = std::ranges::lower_bound(histogram_bounds, took) - histogram_bounds.begin();
    raise(steps_[static_cast<std::size_t>(step)], times);
    raise(sum_ns_, static_cast<std::uint64_t>(took.count()) * times);
  }
  void add_to(HistogramCounts& counts) const {
    for (std::size_t i = 0; i < steps_.size(); ++i) counts.steps[i] += steps_[i].load(std::memory_order_relaxed);
    counts.sum += std::chrono::nanoseconds(sum_ns_.load(std::memory_order_relaxed));
  }

 private:
  static void raise(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, histogram_bounds.size() + 1> steps_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

}  // namespace flashbid
