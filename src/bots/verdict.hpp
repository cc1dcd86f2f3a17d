// What a run or a history file comes to, in words and as JSON. Pure text; any thread.
#pragma once

#include <string>

#include "bots/bots.hpp"
#include "bots/checker.hpp"
#include "bots/simulation.hpp"

namespace flashbid::bots {

// Everything in words, with line breaks.
[[nodiscard]] std::string describe(const Simulation& simulation, const BotsOptions& options, const Report& report);
// The violations, or that there are none.
[[nodiscard]] std::string describe(const Report& report);
// The object that bots.hpp documents. `verdict` is its last member.
[[nodiscard]] std::string to_json(const Simulation& simulation, const BotsOptions& options, const Report& report,
                                  std::string_view verdict);

}  // namespace flashbid::bots
