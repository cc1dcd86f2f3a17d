#include "bots/latency.hpp"

#include <algorithm>
#include <cmath>

namespace flashbid::bots {

std::int64_t Latency::quantile_ns(double share) const {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen < wanted) continue;
    if (bucket < (2U << bits)) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = (bucket >> bits) - 1;
    const std::uint64_t highest = ((std::uint64_t{bucket - (shift << bits)} + 1) << shift) - 1;  // at most 2^63 - 1
    return std::min(static_cast<std::int64_t>(highest), max_ns_);
  }
  return max_ns_;
}

}  // namespace flashbid::bots
