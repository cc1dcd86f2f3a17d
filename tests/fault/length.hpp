// How much is tried: every call to the disk in script/test, and what time allows of what can follow from it; all of it
// with FLASHBID_FAULTS=all, as script/soak has it.
#pragma once

#include <cstdlib>
#include <string_view>

namespace flashbid::fault {

inline bool all_of_it() {
  const char* chosen = std::getenv("FLASHBID_FAULTS");
  return chosen != nullptr && std::string_view(chosen) == "all";
}

}  // namespace flashbid::fault
