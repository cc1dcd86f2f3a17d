// One run: plays a plan on the real engine, in one thread, and holds everything that anybody is told against the truth.
// The same plan always gives the same story. Who calls: the tests, script/simulate; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simulation/plan.hpp"

namespace flashbid::simulation {

struct Outcome {
  std::string violation;  // empty = every invariant held
  std::vector<std::string> story;
  std::uint64_t hash = 0;                        // of the story
  std::map<std::string, std::uint64_t> reached;  // how often each kind of thing happened
};

[[nodiscard]] Outcome play(const Plan& plan);

}  // namespace flashbid::simulation
