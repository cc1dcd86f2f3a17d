// Judges a recorded history: INV-1, 2, 4, 5, 6, 7, 8, 10 as far as a client can see them. Pure: no I/O, clock, thread
// or random, so that the simulation and the kill tests use it too. O(n log n) in operations, events and frames.
//
// What it may rely on: operations were timed by one monotonic clock, and every event of each auction was fetched after
// the last operation ended. A bid whose outcome is unknown may have taken effect once, at any time after it was sent.
#pragma once

#include "checker/findings.hpp"
#include "checker/history.hpp"

namespace flashbid::checker {

// What the history amounts to, for reports.
struct Tally {
  std::uint64_t operations = 0;
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;
  std::uint64_t retries = 0;  // attempts beyond the first with the same key
  std::uint64_t events = 0;
  std::uint64_t frames = 0;  // that watchers saw
  std::uint64_t watchers = 0;
  std::uint64_t auctions = 0;
};

struct Report {
  Findings findings;
  Tally tally;
  [[nodiscard]] bool clean() const { return findings.total() == 0; }
};

[[nodiscard]] Report check(const History& history);

}  // namespace flashbid::checker
