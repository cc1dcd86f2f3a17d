#include "checker/knowledge.hpp"

#include <algorithm>

namespace flashbid::checker {

void Knowledge::settle() {
  steps_.clear();
  for (std::uint64_t sequence = 0; sequence < earliest_ns_.size(); ++sequence) {
    if (earliest_ns_[sequence] == never) continue;
    // A later sequence known earlier makes the ones before it say nothing new.
    while (!steps_.empty() && steps_.back().ns >= earliest_ns_[sequence]) steps_.pop_back();
    steps_.push_back({earliest_ns_[sequence], sequence});
  }
}

Sequence Knowledge::known_before(std::int64_t ns) const {
  const auto after = std::ranges::lower_bound(steps_, ns, {}, &Step::ns);
  if (after == steps_.begin()) return floor_;
  return std::max(floor_, Sequence(std::prev(after)->sequence));
}

}  // namespace flashbid::checker
