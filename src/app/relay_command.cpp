#include "app/relay_command.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "app/archived_ledger.hpp"
#include "app/end_signals.hpp"
#include "app/relay_server.hpp"
#include "app/worker_name.hpp"
#include "base/system_clock.hpp"
#include "relay/archive_sink.hpp"
#include "relay/redlock_leases.hpp"
#include "relay/relay.hpp"

namespace flashbid {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr Duration patience_at_end{5'000};
constexpr std::chrono::milliseconds longest_pause_at_start{2'000};
constexpr std::chrono::milliseconds look_every{500};

int refuse(const std::string& why) {
  fmt::print(stderr, "flashbid relay: {}\n", why);
  return 2;
}

// Says how it goes: in the log whenever that changes, and to whoever asks. told() may be called from any thread.
class Teller {
 public:
  void tell(const RelayCounters& now) {
    if (now.failing && !now.alarm && now.last_error != said_) {
      spdlog::warn("{}; trying again", now.last_error);
      said_ = now.last_error;
    } else if (!now.failing && !said_.empty()) {
      spdlog::info("storing again, {} events behind", now.lag_events);
      said_.clear();
    }
    const std::scoped_lock lock(mutex_);
    told_ = now;
  }
  // Before there is a worker.
  void tell_waiting(const Error& error) {
    RelayCounters counters;
    counters.failing = true;
    counters.last_error = error.detail;
    tell(counters);
  }
  [[nodiscard]] RelayCounters told() const {
    const std::scoped_lock lock(mutex_);
    return told_;
  }

 private:
  std::string said_;
  mutable std::mutex mutex_;
  RelayCounters told_{.failing = true, .last_error = "it has just begun"};  // guarded by mutex_
};

bool is_folder(const RelayFlags& flags) { return flags.from.starts_with(sqlite_scheme); }

// What is wrong with --from: one sentence; empty = nothing.
std::string unfit_source(const RelayFlags& flags) {
  if (is_folder(flags)) return flags.from.size() > sqlite_scheme.size() ? "" : "--from: give a folder: sqlite:DIR";
  if (!flags.from.starts_with("redis")) return "--from " + flags.from + ": give redis://HOST:PORT, or sqlite:DIR";
  const auto url = redis::parse_url(flags.from);
  return url ? "" : "--from: " + url.error().detail;
}

// Waits for a Redis that is away, or empty; none if a signal came first.
Result<std::optional<ArchivedLedger>> find_ledger(const RelayFlags& flags, EndSignals& signals, Teller& teller) {
  if (is_folder(flags)) {
    ArchivedLedger ledger = ledger_of_folder(flags.from.substr(sqlite_scheme.size()));
    if (const auto opened = ledger.open(0); !opened) return std::unexpected(opened.error());
    return ledger;
  }
  const auto redis = redis_ledger(redis::parse_url(flags.from).value());
  std::chrono::milliseconds pause{100};
  for (;;) {
    const auto shards = redis->count_shards();
    if (shards) {
      return ledger_of_redis(
          redis, *shards,
          {.group = flags.group, .keep_events = flags.keep_events, .trim_function = {}, .forget_function = {}});
    }
    if (shards.error().failure != Failure::unavailable) return std::unexpected(shards.error());
    teller.tell_waiting(shards.error());
    if (signals.wait_for(pause)) return std::nullopt;
    pause = std::min(pause * 2, longest_pause_at_start);
  }
}

// Where the leases are, as --lease says: in the archive, or on Redis in front of it.
class ChosenLeases {
 public:
  explicit ChosenLeases(Leases& archive) : archive_(archive) {}
  [[nodiscard]] Result<void> open(const RelayFlags& flags, Duration length, const std::string& archive_name) {
    if (flags.lease.empty()) return {};
    auto servers = parse_lease_servers(flags.lease);
    if (!servers) return std::unexpected(std::move(servers.error()));
    auto locks = Redlock::open({.servers = std::move(*servers), .restart_delay = std::chrono::milliseconds{length.ms}});
    if (!locks) return std::unexpected(std::move(locks.error()));
    locks_ = std::move(*locks);
    on_redis_.emplace(*locks_, archive_, "flashbid:lease:" + archive_name);
    return {};
  }
  [[nodiscard]] Leases& get() { return on_redis_ ? *on_redis_ : archive_; }

 private:
  Leases& archive_;
  std::unique_ptr<Redlock> locks_;
  std::optional<RedlockLeases> on_redis_;
};

// Until SIGTERM, SIGINT, or an alarm; with `stays` that is told until a signal, too.
int run_until_signal(Relay& relay, EndSignals& signals, Teller& teller, bool stays) {
  SystemClock clock;
  Result<void> ended;
  std::atomic<bool> over{false};
  std::jthread worker([&] {
    ended = relay.run();
    over = true;
  });
  bool signalled = false;
  while (!over && !signalled) {
    signalled = signals.wait_for(look_every);
    teller.tell(relay.counters(clock.now()));
  }
  relay.stop(patience_at_end);
  worker.join();
  const RelayCounters counters = relay.counters(clock.now());
  spdlog::info("stored {} events in {} batches, {} behind", counters.stored, counters.batches, counters.lag_events);
  if (ended) return 0;
  spdlog::critical("stopped for good: {}", ended.error().detail);
  teller.tell(counters);
  if (stays && !signalled) signals.wait();
  return 1;
}

}  // namespace

void add_relay(CLI::App& app, RelayFlags& flags) {
  CLI::App& relay = *app.add_subcommand("relay", "move events from a ledger into the archive");
  relay.add_option("--from", flags.from,
                   "redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…], or sqlite:DIR, the folder of an embedded ledger");
  relay.add_option("--to", flags.to, "postgres://USER@HOST:PORT/DATABASE");
  relay.add_option("--group", flags.group, "Redis: the consumer group that keeps where to go on")
      ->check([](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); })
      ->capture_default_str();
  relay
      .add_option("--keep-events", flags.keep_events,
                  "Redis: how many of the newest events of a shard stay there when they are stored")
      ->check(CLI::Range(std::uint64_t{10'000}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  relay.add_option("--lease", flags.lease,
                   "leases on Redis rather than in the archive: redis://HOST:PORT, or several separated by commas, of "
                   "which a majority must agree");
  relay.add_option("--listen", flags.listen,
                   "ADDR:PORT for /healthz, /readyz and /metrics of this worker; nowhere if left out");
  relay.add_option("--log-level", flags.log_level, "how much to say on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}))
      ->capture_default_str();
  relay.add_option("--config", flags.config,
                   "TOML file with settings: a key for every flag (--log-level is log_level)");
}

int run_relay(const RelayFlags& flags) {
  if (flags.from.empty()) return refuse("--from is missing: give redis://HOST:PORT, or sqlite:DIR");
  if (flags.to.empty()) return refuse("--to is missing: give postgres://USER@HOST:PORT/DATABASE");
  auto url = ArchiveUrl::parse(flags.to);
  if (!url) return refuse("--to: " + url.error().detail);
  if (const std::string why = unfit_source(flags); !why.empty()) return refuse(why);
  spdlog::set_default_logger(spdlog::stderr_color_mt("flashbid"));
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
  EndSignals signals;
  Teller teller;
  std::unique_ptr<RelayServer> server;
  if (!flags.listen.empty()) {
    auto opened = RelayServer::open(flags.listen, [&teller] { return teller.told(); });
    if (!opened) return refuse("--listen " + flags.listen + ": " + opened.error().detail);
    server = std::move(*opened);
  }
  auto ledger = find_ledger(flags, signals, teller);
  if (!ledger) return refuse("--from: " + ledger.error().detail);
  if (!*ledger) return 0;
  const std::string shown = url->shown;
  ArchiveSink sink(std::move(*url), (*ledger)->kind, (*ledger)->shards);
  const auto claimed = sink.prepare();
  if (!claimed && claimed.error().failure == Failure::invalid) return refuse("--to: " + claimed.error().detail);
  RelayOptions options{.owner = worker_name(), .shards = (*ledger)->shards, .after_step = {}};
  ChosenLeases leases(sink);
  if (const auto opened = leases.open(flags, options.lease, shown); !opened) {
    return refuse("--lease: " + opened.error().detail);
  }
  if (!claimed) teller.tell_waiting(claimed.error());
  Relay relay(std::move(options), std::move((*ledger)->open), sink, leases.get());
  spdlog::info("moving {} shard{} of kind {}", (*ledger)->shards, (*ledger)->shards == 1 ? "" : "s", (*ledger)->kind);
  return run_until_signal(relay, signals, teller, server != nullptr);
}

}  // namespace flashbid
