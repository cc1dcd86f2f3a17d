// Latencies in log-bucketed counters, as HdrHistogram counts them: each power of two is cut into 128 equal buckets, so
// a quantile is at most 0.8 % too high. Fixed size, no allocation. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace flashbid::bench {

class Histogram {
 public:
  void record(std::int64_t value_ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0));
    ++counts_[std::min(bucket_of(value), counts_.size() - 1)];
    ++total_;
    max_ = std::max(max_, value);
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t max_ns() const { return max_; }
  // The smallest value that at least `share` (0 … 1) of all do not exceed, rounded up to its bucket's end; 0 if empty.
  [[nodiscard]] std::uint64_t quantile_ns(double share) const;

 private:
  static constexpr unsigned sub_bits = 7;
  static constexpr std::uint64_t subs = 1U << sub_bits;
  static constexpr unsigned largest_power = 40;  // 18 minutes

  // Values below 128 have a bucket each; above, the top seven bits after the leading one choose it.
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < subs) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
    return (shift + 1) * subs + ((value >> shift) - subs);
  }
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, (largest_power - sub_bits + 1) * subs> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace flashbid::bench
