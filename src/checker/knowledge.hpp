// Who could know what when: for each sequence of one auction, the earliest moment at which anybody had been told of it
// (by an answer, a read or a watcher's frame). INV-5 in one structure. Pure; used by the checker only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.hpp"

namespace flashbid::checker {

class Knowledge {
 public:
  // `last` is the history's last sequence; `from_the_start` was known before the run.
  Knowledge(Sequence last, Sequence from_the_start) : earliest_ns_(last.value() + 1, never), floor_(from_the_start) {}

  // Somebody was told of `sequence` at `ns`. A sequence beyond the history is left out.
  void learn(Sequence sequence, std::int64_t ns) {
    if (sequence.value() >= earliest_ns_.size()) return;
    std::int64_t& earliest = earliest_ns_[sequence.value()];
    if (ns < earliest) earliest = ns;
  }

  // After the last learn(), before the first known_before().
  void settle();

  // The highest sequence that somebody had been told of strictly before `ns`.
  [[nodiscard]] Sequence known_before(std::int64_t ns) const;

 private:
  static constexpr std::int64_t never = INT64_MAX;
  struct Step {
    std::int64_t ns;
    std::uint64_t sequence;  // the highest known from then on
  };
  std::vector<std::int64_t> earliest_ns_;
  std::vector<Step> steps_;  // rising in both
  Sequence floor_;
};

}  // namespace flashbid::checker
