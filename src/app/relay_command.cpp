#include "app/relay_command.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "app/end_signals.hpp"
#include "app/relay_from.hpp"
#include "app/relay_server.hpp"
#include "app/relay_to.hpp"
#include "app/terminal.hpp"
#include "app/worker_name.hpp"
#include "base/system_clock.hpp"
#include "relay/redlock_leases.hpp"
#include "relay/relay.hpp"

namespace flashbid {
namespace {

constexpr Duration patience_at_end{5'000};
constexpr std::size_t webhook_batch = 100;
constexpr Duration webhook_lease{20'000};
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

// Waits for what is away, or empty; none if a signal came first.
Result<std::optional<RelayFrom>> find_source(const FromUrl& url, const std::string& group, bool archives,
                                             EndSignals& signals, Teller& teller) {
  std::chrono::milliseconds pause{100};
  for (;;) {
    auto from = url.find(group, archives);
    if (from) return std::move(*from);
    if (from.error().failure != Failure::unavailable) return std::unexpected(from.error());
    teller.tell_waiting(from.error());
    if (signals.wait_for(pause)) return std::nullopt;
    pause = std::min(pause * 2, longest_pause_at_start);
  }
}

// Where the leases are: in the archive or beside what is read, and on Redis in front of that if --lease says so.
class ChosenLeases {
 public:
  ChosenLeases(const RelayFrom& from, Sink& sink) : minted_(sink.leases()) {
    if (minted_ != nullptr) return;
    beside_ = from.leases();
    minted_ = beside_.get();
  }
  [[nodiscard]] Result<void> open(const RelayFlags& flags, Duration length, const std::string& place) {
    if (flags.lease.empty()) return {};
    auto servers = parse_lease_servers(flags.lease);
    if (!servers) return std::unexpected(std::move(servers.error()));
    auto locks = Redlock::open({.servers = std::move(*servers), .restart_delay = std::chrono::milliseconds{length.ms}});
    if (!locks) return std::unexpected(std::move(locks.error()));
    locks_ = std::move(*locks);
    on_redis_.emplace(*locks_, *minted_, "flashbid:lease:" + place);
    return {};
  }
  [[nodiscard]] Leases& get() { return on_redis_ ? *on_redis_ : *minted_; }

 private:
  std::unique_ptr<Leases> beside_;
  Leases* minted_ = nullptr;
  std::unique_ptr<Redlock> locks_;
  std::optional<RedlockLeases> on_redis_;
};

// How far a worker is that has much to make up for: nothing is shown of one that keeps up.
class Drain {
 public:
  void show(const RelayCounters& now) {
    if (now.lag_events < least_behind || now.failing) return end();
    if (!began_at_) began_at_ = now.stored;
    const std::uint64_t done = now.stored - *began_at_;
    line_.show(done, done + now.lag_events, "events");
  }
  // Before something is logged.
  void clear() { line_.clear(); }

 private:
  static constexpr std::uint64_t least_behind = 1'000;
  void end() {
    line_.end();
    began_at_.reset();
  }

  ProgressLine line_{"relay", [](const std::string& line) { spdlog::info("{}", line); }};
  std::optional<std::uint64_t> began_at_;  // what was stored by then
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
  Drain drain;
  bool signalled = false;
  while (!over && !signalled) {
    signalled = signals.wait_for(look_every);
    const RelayCounters counters = relay.counters(clock.now());
    drain.clear();
    teller.tell(counters);
    drain.show(counters);
  }
  drain.clear();
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
  CLI::App& relay = *app.add_subcommand("relay", "move events from a ledger to an archive, a queue or a webhook");
  relay.add_option(
      "--from", flags.from,
      "redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]; sqlite:DIR, the folder of an embedded ledger; or the "
      "queue that another relay fills: amqp://…, kafka://…");
  relay.add_option(
      "--to", flags.to,
      "postgres://USER@HOST:PORT/DATABASE; amqp://USER:PASSWORD@HOST:PORT[/VHOST], or amqps://…[?ca=FILE]; "
      "kafka://HOST:PORT[,HOST:PORT…][/TOPIC]; or https://HOST/PATH, a webhook");
  relay
      .add_option(
          "--group", flags.group,
          "the readers that share the work, and keep where to go on; archive, rabbitmq, kafka or webhook if left "
          "out, after --to")
      ->check([](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); });
  relay
      .add_option("--keep-events", flags.keep_events,
                  "Redis: how many of the newest events of a shard stay there when they are stored")
      ->check(CLI::Range(std::uint64_t{10'000}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  relay.add_option("--lease", flags.lease,
                   "leases on Redis rather than in the archive: redis://HOST:PORT, or several separated by commas, of "
                   "which a majority must agree");
  relay.add_flag("--secrets", flags.secrets,
                 "queues: with reserves and idempotency keys, for an archive behind the queue; whoever may read the "
                 "queue can see them");
  relay.add_option(
      "--archived-in", flags.archived_in,
      "from Redis to a queue: postgres://USER@HOST:PORT/DATABASE, the archive that the queue fills; what it "
      "has leaves Redis. Without it everything stays there");
  relay.add_option("--queue", flags.queue, "RabbitMQ: the queue of shard K is this, and .K")->capture_default_str();
  relay.add_option("--kafka-set", flags.kafka_settings,
                   "NAME=VALUE, a setting of librdkafka (security.protocol=SASL_SSL); may be given again");
  relay.add_option(
      "--webhook-secret-file", flags.webhook_secret_file,
      "a file with the secret that requests are signed with, whsec_…; several while they change, a line each");
  relay.add_option("--webhook-tries", flags.webhook_tries, "how often a request is made before it is a dead letter")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000}))
      ->capture_default_str();
  relay.add_flag("--webhook-allow-private", flags.webhook_allow_private,
                 "also to loopback and private addresses, and without TLS");
  relay
      .add_option("--dead-letters", flags.dead_letters,
                  "webhooks: the file of what could not be delivered, a line each")
      ->capture_default_str();
  relay.add_option("--listen", flags.listen,
                   "ADDR:PORT for /healthz, /readyz and /metrics of this worker; nowhere if left out");
  add_log_flags(relay, flags.log);
  relay.add_option("--config", flags.config,
                   "TOML file with settings: a key for every flag (--log-level is log_level)");
}

int run_relay(const RelayFlags& flags) {
  if (flags.from.empty()) return refuse("--from is missing: give redis://HOST:PORT, or sqlite:DIR");
  if (flags.to.empty()) return refuse("--to is missing: give postgres://USER@HOST:PORT/DATABASE");
  const auto to = RelayTo::parse(flags);
  if (!to) return refuse("--to: " + to.error().detail);
  const auto url = FromUrl::parse(flags);
  if (!url) return refuse("--from: " + url.error().detail);
  if (url->is_queue() && !to->is_archive()) return refuse("--from a queue goes --to postgres://… only");
  const bool to_queue = to->hop() == "rabbitmq" || to->hop() == "kafka";
  if (!flags.archived_in.empty() && !(to_queue && flags.from.starts_with("redis"))) {
    return refuse("--archived-in is for --from redis://… --to amqp://… or kafka://…: leave it out");
  }
  const std::string group = flags.group.empty() ? to->hop() : flags.group;
  start_log(flags.log);
  EndSignals signals;
  Teller teller;
  std::unique_ptr<RelayServer> server;
  if (!flags.listen.empty()) {
    auto opened = RelayServer::open(flags.listen, to->hop(), [&teller] { return teller.told(); });
    if (!opened) return refuse("--listen " + flags.listen + ": " + opened.error().detail);
    server = std::move(*opened);
  }
  auto from = find_source(*url, group, to->is_archive(), signals, teller);
  if (!from) return refuse("--from: " + from.error().detail);
  if (!*from) return 0;
  auto sink = to->open(**from);
  if (!sink) return refuse("--to: " + sink.error().detail);
  const auto ready = (*sink)->prepare();
  if (!ready && ready.error().failure == Failure::invalid) return refuse("--to: " + ready.error().detail);
  RelayOptions options{.owner = worker_name(), .shards = (*from)->shards, .after_step = {}};
  if (to->hop() == "webhook") {
    // A receiver takes its time, one request after the other for all shards of this worker.
    options.batch = webhook_batch;
    options.lease = webhook_lease;
  }
  ChosenLeases leases(**from, **sink);
  if (const auto opened = leases.open(flags, options.lease, to->shown()); !opened) {
    return refuse("--lease: " + opened.error().detail);
  }
  if (!ready) teller.tell_waiting(ready.error());
  const std::uint64_t shards = options.shards;
  Relay relay(std::move(options), std::move((*from)->open), **sink, leases.get());
  spdlog::info("moving {} shard{} from {} to {}", shards, shards == 1 ? "" : "s",
               (*from)->kind.empty() ? "a queue" : (*from)->kind, to->shown());
  return run_until_signal(relay, signals, teller, server != nullptr);
}

}  // namespace flashbid
