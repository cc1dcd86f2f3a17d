// One loop as an engine sees it: where to post, and whom to tell there. Values only.
#pragma once

#include <cstdint>

#include "base/executor.hpp"
#include "feed/hub.hpp"

namespace flashbid {

struct LoopPort {
  Executor* executor = nullptr;
  Hub* hub = nullptr;
};

// Events that one watcher may have missed and still resume; beyond that it starts over from a snapshot.
inline constexpr std::uint64_t longest_resume = 8'192;

}  // namespace flashbid
