#include "app/relay_command.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/end_signals.hpp"
#include "app/worker_name.hpp"
#include "base/system_clock.hpp"
#include "relay/archive_sink.hpp"
#include "relay/relay.hpp"
#include "relay/sqlite_source.hpp"

namespace flashbid {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr Duration patience_at_end{5'000};

int refuse(const std::string& why) {
  fmt::print(stderr, "flashbid relay: {}\n", why);
  return 2;
}

// Says how it goes whenever that changes.
class Teller {
 public:
  void tell(const RelayCounters& now) {
    if (now.failing && now.last_error != told_) {
      spdlog::warn("{}; trying again", now.last_error);
      told_ = now.last_error;
    } else if (!now.failing && !told_.empty()) {
      spdlog::info("storing again, {} events behind", now.lag_events);
      told_.clear();
    }
  }

 private:
  std::string told_;
};

// Until SIGTERM, SIGINT, or the worker's own end.
int run_until_signal(Relay& relay) {
  EndSignals signals;
  SystemClock clock;
  Result<void> ended;
  std::atomic<bool> over{false};
  std::jthread worker([&] {
    ended = relay.run();
    over = true;
  });
  Teller teller;
  while (!over && !signals.wait_for(std::chrono::seconds{1})) teller.tell(relay.counters(clock.now()));
  relay.stop(patience_at_end);
  worker.join();
  const RelayCounters counters = relay.counters(clock.now());
  spdlog::info("stored {} events in {} batches, {} behind", counters.stored, counters.batches, counters.lag_events);
  if (ended) return 0;
  spdlog::critical("stopped: {}", ended.error().detail);
  return ended.error().failure == Failure::invalid ? 2 : 1;
}

}  // namespace

void add_relay(CLI::App& app, RelayFlags& flags) {
  CLI::App& relay = *app.add_subcommand("relay", "move events from a ledger into the archive");
  relay.add_option("--from", flags.from, "sqlite:DIR, the folder of an embedded ledger");
  relay.add_option("--to", flags.to, "postgres://USER@HOST:PORT/DATABASE");
  relay.add_option("--group", flags.group, "who reads, of several that read one ledger")->capture_default_str();
  relay.add_option("--log-level", flags.log_level, "how much to say on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}))
      ->capture_default_str();
  relay.add_option("--config", flags.config,
                   "TOML file with settings: a key for every flag (--log-level is log_level)");
}

int run_relay(const RelayFlags& flags) {
  if (flags.from.empty()) return refuse("--from is missing: give sqlite:DIR");
  if (flags.to.empty()) return refuse("--to is missing: give postgres://USER@HOST:PORT/DATABASE");
  if (!flags.from.starts_with(sqlite_scheme) || flags.from.size() == sqlite_scheme.size()) {
    return refuse("--from: this version reads sqlite:DIR");
  }
  auto url = ArchiveUrl::parse(flags.to);
  if (!url) return refuse("--to: " + url.error().detail);
  spdlog::set_default_logger(spdlog::stderr_color_mt("flashbid"));
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
  const std::string folder = flags.from.substr(sqlite_scheme.size());
  if (const auto opened = SqliteSource::open(folder); !opened) return refuse("--from: " + opened.error().detail);
  ArchiveSink sink(std::move(*url), "sqlite", 1);
  if (const auto claimed = sink.claim(); !claimed && claimed.error().failure == Failure::invalid) {
    return refuse("--to: " + claimed.error().detail);
  }
  Relay relay(
      {.owner = worker_name(), .shards = 1, .after_step = {}},
      [folder](std::uint64_t) { return SqliteSource::open(folder); }, sink, sink);
  return run_until_signal(relay);
}

}  // namespace flashbid
