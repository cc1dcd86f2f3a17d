// What is said of a worker that moves events: the same in `serve` and in `flashbid relay`. `hop` is where they go, as
// metrics name it: archive, rabbitmq, kafka or webhook. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/engine.hpp"
#include "relay/relay.hpp"
#include "server/exposition.hpp"

namespace flashbid {

// How far behind it is, and why, in one line.
[[nodiscard]] std::string relay_sentence(std::string_view hop, const RelayCounters& counters);
// Whether /readyz is to say so.
[[nodiscard]] bool is_worth_telling(const RelayCounters& counters);
void add_relay_metrics(std::string_view hop, const RelayCounters& counters, Exposition& out);

}  // namespace flashbid
