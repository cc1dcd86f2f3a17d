// `flashbid relay`: its flags, and the worker that it runs until a signal. Called by the main thread.
#pragma once

#include <CLI/App.hpp>

#include "app/relay_flags.hpp"

namespace flashbid {

void add_relay(CLI::App& app, RelayFlags& flags);
// 0 after a signal, 1 after an alarm (with --listen: once a signal has come, too), 2 if it cannot start as it was told.
[[nodiscard]] int run_relay(const RelayFlags& flags);

}  // namespace flashbid
