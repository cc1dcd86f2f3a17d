// What /metrics tells of the server: the totals of all loops, and of the engine if there is one. Any thread.
#pragma once

#include <span>

#include "engine/engine.hpp"
#include "server/exposition.hpp"
#include "server/traffic.hpp"

namespace flashbid {

void add_metrics(std::span<const Traffic* const> loops, const Engine* engine, Exposition& out);

}  // namespace flashbid
