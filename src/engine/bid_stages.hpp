// How long bids take in each stage of their journey. One thread's, which alone writes them; any may read. A bid that is
// measured costs two looks at the clock: what a round or a batch has in common is looked up once for all its bids.
//
//   decode   from when the loop woke for its bytes until it is submitted: the rate limits are in it
//   submit   until the thread that decides has it; none where that is the same one
//   decide   the decision; over Redis all of the call, which decides and keeps in one
//   commit   from decided until durable, for whatever rests on a batch; over Redis: until the replicas have it
//   publish  from durable until the batch's answers were handed over and its watchers told; embedded only
//   whole    from when the loop woke for its bytes until its answer left for the socket
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/histogram.hpp"

namespace flashbid {

// Of a bid that is not measured.
inline constexpr Stopwatch::time_point unmeasured{};

enum class BidStage : std::uint8_t { decode, submit, decide, commit, publish, whole };
inline constexpr std::array<std::string_view, 6> bid_stage_names{"decode", "submit",  "decide",
                                                                 "commit", "publish", "whole"};
using BidStageCounts = std::array<HistogramCounts, bid_stage_names.size()>;

class BidStages {
 public:
  void add(BidStage stage, Stopwatch::duration took, std::uint64_t times = 1) {
    stages_[static_cast<std::size_t>(stage)].add(took, times);
  }
  void add_to(BidStageCounts& counts) const {
    for (std::size_t i = 0; i < stages_.size(); ++i) stages_[i].add_to(counts[i]);
  }

 private:
  std::array<Histogram, bid_stage_names.size()> stages_;
};

}  // namespace flashbid
