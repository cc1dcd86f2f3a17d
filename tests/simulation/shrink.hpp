// From a plan that fails to a shorter one that fails too, for somebody to read. One thread.
#pragma once

#include <string>

#include "simulation/plan.hpp"
#include "simulation/world.hpp"

namespace flashbid::simulation {

// Leaves out whatever can be left out so that the same invariant is still violated; plays at most `most_runs` plans.
[[nodiscard]] Plan shrink(Plan plan, int most_runs = 3'000);

// The seed, what was violated, and the shortest story of it that was found.
[[nodiscard]] std::string report(const Plan& plan, const Outcome& outcome);

}  // namespace flashbid::simulation
