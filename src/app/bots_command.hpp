// `flashbid bots`: its flags, and what it runs. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
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
};
void add_bots(CLI::App& app, BotsFlags& flags);
[[nodiscard]] int run_bots(BotsFlags flags);

// 500ms, 10s, 2m, 1h; nullopt for anything else, and for over 24 h.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

}  // namespace flashbid
