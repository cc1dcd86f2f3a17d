// What a run comes to, in words and as JSON. Pure text; any thread.
#pragma once

#include <string>
#include <string_view>

#include "bots/bots.hpp"
#include "bots/simulation.hpp"
#include "checker/checker.hpp"

namespace flashbid::bots {

// Why nothing was decided.
[[nodiscard]] std::string why_nothing(const Simulation& simulation);
// Everything in words, with line breaks.
[[nodiscard]] std::string describe(const Simulation& simulation, const BotsOptions& options,
                                   const checker::Report& report);
// The object that bots.hpp documents. `verdict` is its last member.
[[nodiscard]] std::string to_json(const Simulation& simulation, const BotsOptions& options,
                                  const checker::Report& report, std::string_view verdict);

}  // namespace flashbid::bots
