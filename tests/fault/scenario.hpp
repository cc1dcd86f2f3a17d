// A day of a small house: everything that writes to the ledger, in some hundred calls to the disk. The same each time,
// up to what its seed chooses: who bids what, and how much happens between two idle moments.
#pragma once

#include <cstdint>

#include "fault/house.hpp"
#include "fault/recorded_disk.hpp"

namespace flashbid::fault {

// Plays it, with a process that is started anew whenever the one before has failed.
void play(House& house, std::uint64_t seed);

// An auction that opens `in` from now on and is open for a minute, unless somebody bids in its last ten seconds.
[[nodiscard]] Terms lot(Timestamp now, Duration in = {0});

struct Recording {
  std::vector<RecordedCall> calls;
  Told told;
  simulation::Machine machine;  // at the end
  std::vector<Error> errors;
  std::string violation;
  bool fault_came = false;
};
// One whole run, on an empty disk.
[[nodiscard]] Recording record(std::uint64_t seed, std::optional<Fault> fault = std::nullopt);

}  // namespace flashbid::fault
