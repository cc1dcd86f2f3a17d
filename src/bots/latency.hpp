// How long answers took, in buckets that are at most 3% wide. Values only; no allocation after construction.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace flashbid::bots {

class Latency {
 public:
  void add(std::int64_t ns) {
    ++counts_[bucket_of(static_cast<std::uint64_t>(ns < 0 ? 0 : ns))];
    ++count_;
    if (ns > max_ns_) max_ns_ = ns;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t max_ns() const { return max_ns_; }
  // The time within which `share` (0 … 1) of all were answered; 0 if there are none.
  [[nodiscard]] std::int64_t quantile_ns(double share) const;

 private:
  static constexpr unsigned bits = 5;  // buckets to each doubling: 2^bits
  static constexpr std::size_t buckets = (64 - bits) << bits;
  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < (1U << bits)) return static_cast<std::size_t>(ns);
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - bits - 1;
    return (std::size_t{shift} << bits) + static_cast<std::size_t>(ns >> shift);
  }
  std::array<std::uint64_t, buckets + 1> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace flashbid::bots
