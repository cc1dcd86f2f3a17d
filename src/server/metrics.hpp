// The text of /metrics: the totals of all loops and of the engine, in Prometheus' exposition format. Any thread.
#pragma once

#include <span>
#include <string>

#include "engine/engine.hpp"
#include "server/traffic.hpp"

namespace flashbid {

[[nodiscard]] std::string metrics_text(std::span<const Traffic* const> loops, const Engine& engine);

}  // namespace flashbid
