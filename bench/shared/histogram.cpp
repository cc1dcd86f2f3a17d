#include "shared/histogram.hpp"

#include <cmath>

namespace flashbid::bench {

std::uint64_t Histogram::end_of(std::size_t bucket) {
  if (bucket < subs) return bucket;
  const std::size_t shift = bucket / subs - 1;
  return ((bucket % subs + subs + 1) << shift) - 1;
}

std::uint64_t Histogram::quantile_ns(double share) const {
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return std::min(end_of(bucket), max_);
  }
  return max_;
}

}  // namespace flashbid::bench
