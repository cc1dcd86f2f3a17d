// What a process says on stderr while it runs: for people, or a JSON object a line for machines that collect logs.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace flashbid {

struct LogFlags {
  std::string level = "info";
  std::string format = "text";
};
void add_log_flags(CLI::App& command, LogFlags& flags);

// From here on all that is logged goes to stderr so. By the main thread, before there are others.
//
//   text   [2026-01-31 08:00:00.000] [flashbid] [info] 2 loops, …
//   json   {"at":"2026-01-31T08:00:00.000Z","level":"info","text":"2 loops, …"}
//
// A line about a request ends with its name: ` [request NAME]`, `,"request_id":"NAME"}`.
void start_log(const LogFlags& flags);

}  // namespace flashbid
