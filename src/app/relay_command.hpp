// `flashbid relay`: its flags, and the worker that it runs until a signal. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

namespace flashbid {

struct RelayFlags {
  std::string from;
  std::string to;
  std::string group = "archive";
  std::uint64_t keep_events = 100'000;
  std::string lease;   // redis://…[,redis://…]; empty = leases in the archive
  std::string listen;  // ADDR:PORT; empty = nowhere
  std::string log_level = "info";
  std::string config;
};
void add_relay(CLI::App& app, RelayFlags& flags);
// 0 after a signal, 1 after an alarm (with --listen: once a signal has come, too), 2 if it cannot start as it was told.
[[nodiscard]] int run_relay(const RelayFlags& flags);

}  // namespace flashbid
