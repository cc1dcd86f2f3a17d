// The auctions that --demo adds: ids from 1001, once on a ledger.
#pragma once

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "server/loop.hpp"

namespace flashbid {

// Adds those that are not there yet and waits for them. `engine` is loop's view; the loop runs on another thread.
[[nodiscard]] Result<void> add_demo_auctions(Loop& loop, Engine& engine);

}  // namespace flashbid
