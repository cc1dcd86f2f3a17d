// `flashbid bots`: its flags, and what it runs. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "bots/bots.hpp"

namespace flashbid {

// What was said for `bots`; the texts are checked by the flags' validators.
struct BotsFlags {
  BotsOptions options;
  std::uint64_t auction = 0;  // 0 = none given
  std::string duration = "10s";
  std::string think;  // empty = about 10,000 bids a second in all
  std::string transport = "http";
  std::optional<std::uint64_t> seed;
  std::string key;  // empty = the server is in dev mode
};
void add_bots(CLI::App& app, BotsFlags& flags);
[[nodiscard]] int run_bots(BotsFlags flags);

}  // namespace flashbid
