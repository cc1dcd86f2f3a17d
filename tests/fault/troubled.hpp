// A day on which one call to the disk fails, or all from one on; then the disk is well again, the next process starts,
// and at last the power is cut. Whatever anybody was told on that day must still be true.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fault/recorded_disk.hpp"

namespace flashbid::fault {

struct Troubled {
  std::string violation;  // names the call; empty = every promise is kept
  std::string call;       // the first that failed; empty = the day had not so many calls
  std::vector<Error> errors;
  std::vector<Error> failed_starts;
};
[[nodiscard]] Troubled troubled_day(std::uint64_t seed, const Fault& fault);

// How many calls of these kinds a day has on which none fails.
[[nodiscard]] std::size_t calls_of(std::uint64_t seed, const std::vector<testing::FileCall::Kind>& kinds);

}  // namespace flashbid::fault
