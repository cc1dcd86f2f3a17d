// What is said of a worker that archives: the same in `serve` and in `flashbid relay`. Pure functions; any thread.
#pragma once

#include <string>

#include "engine/engine.hpp"
#include "relay/relay.hpp"
#include "server/exposition.hpp"

namespace flashbid {

// How far behind it is, and why, in one line.
[[nodiscard]] std::string archive_sentence(const RelayCounters& counters);
// Whether /readyz is to say so.
[[nodiscard]] bool is_worth_telling(const RelayCounters& counters);
void add_archive_metrics(const RelayCounters& counters, Exposition& out);

}  // namespace flashbid
