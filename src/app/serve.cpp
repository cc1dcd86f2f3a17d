#include "app/serve.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "app/archive_serve.hpp"
#include "app/demo.hpp"
#include "app/end_signals.hpp"
#include "app/engines.hpp"
#include "server/loop.hpp"
#include "server/server.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::seconds patience_at_end{8};
constexpr std::chrono::seconds patience_after_failure{2};
constexpr Duration patience_for_archive{6'000};

int refuse(const std::string& why) {
  fmt::print(stderr, "flashbid serve: {}\n", why);
  return 2;
}

int exit_code_of(const Error& error) {
  return error.failure == Failure::invalid || error.failure == Failure::conflict ? 2 : 1;
}

int failed_to_start(const Error& error) {
  std::string line = error.detail;
  std::ranges::replace(line, '\n', ' ');
  fmt::print(stderr, "flashbid serve: {}\n", line);
  return exit_code_of(error);
}

// As many sockets as the system allows us.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string as_host(const boost::asio::ip::address& address) {
  return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

// Threads of the loops; joined when it goes.
class LoopThreads {
 public:
  explicit LoopThreads(const std::vector<std::unique_ptr<Loop>>& loops) : loops_(loops) {
    for (const auto& loop : loops_) threads_.emplace_back([raw = loop.get()] { raw->run(); });
  }
  ~LoopThreads() { join(); }
  LoopThreads(const LoopThreads&) = delete;
  LoopThreads& operator=(const LoopThreads&) = delete;

  void join() {
    for (const auto& loop : loops_) loop->stop();
    threads_.clear();
  }

 private:
  const std::vector<std::unique_ptr<Loop>>& loops_;
  std::vector<std::jthread> threads_;
};

ServerOptions server_options(const ServeOptions& options, ServedEngine& engine, const ArchiveService* archive) {
  ServerOptions made;
  made.listen = parse_address(options.listen).value();
  made.dev = options.dev;
  made.limits.connections = options.max_connections;
  made.limits.http.body_bytes = options.max_body_bytes;
  made.limits.pipelined = options.max_pipelined;
  made.limits.outbox = {options.watcher_bytes, options.watcher_frames};
  made.limits.idle = std::chrono::milliseconds(options.idle_timeout_ms);
  made.health = [&first = engine.on_loop(0), archive] {
    Health health = first.health();
    if (archive != nullptr) archive->add_degraded(health.degraded);
    return health;
  };
  made.add_metrics = [&engine, archive](Exposition& out) {
    engine.add_metrics(out);
    if (archive != nullptr) archive->add_metrics(out);
  };
  return made;
}

std::string unfit(const ServeOptions& options) {
  if (std::string why = unfit_engine(options); !why.empty()) return why;
  if (options.no_relay && options.engine == "embedded") {
    return "--no-relay: the embedded engine's archive is written by its own process: leave --no-relay out";
  }
  if (options.no_relay && options.archive.empty()) return "--no-relay: give --archive, which it reads";
  if (!options.dev) {
    return "tokens (--jwt-key) are not available in this version: give --dev, which serves this machine only, without "
           "login";
  }
  if (!options.jwt_key.empty()) return "--jwt-key is not available in this version: leave it out";
  const auto address = parse_address(options.listen);
  if (!address) return "--listen \"" + options.listen + "\": give ADDR:PORT, such as 127.0.0.1:8080";
  if (!address->address().is_loopback()) {
    return "--listen " + options.listen + ": --dev is for loopback only: give 127.0.0.1:PORT or [::1]:PORT";
  }
  return {};
}

}  // namespace

int serve(const ServeOptions& options) {
  if (const std::string why = unfit(options); !why.empty()) return refuse(why);
  spdlog::set_default_logger(spdlog::stderr_color_mt("flashbid"));
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  raise_descriptor_limit();

  // 1. The signals that end it, before any thread is made.
  EndSignals signals;
  std::atomic<bool> ledger_failed{false};

  // 2. The loops: one thread each, not running yet.
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<Loop>> loops(options.threads > 0 ? options.threads : cores);
  for (auto& loop : loops) loop = std::make_unique<Loop>();

  // 3. The engine, with the ledger that it stands on; recovers what that holds.
  bool told_to_end = false;
  ServedEngineCalls calls;
  calls.on_failed = [&ledger_failed](const Error& error) {
    spdlog::critical("the ledger failed: {}; stopping, for what is on the disk is known only after a restart",
                     error.detail);
    ledger_failed = true;
    EndSignals::raise();
  };
  calls.gives_up = [&] {
    told_to_end = signals.wait_for(std::chrono::milliseconds{0});
    return told_to_end;
  };
  const Result<std::unique_ptr<ServedEngine>> engine = open_engine(options, loops, std::move(calls));
  if (!engine && told_to_end) {
    spdlog::info("stopped before it had started");
    return 0;
  }
  if (!engine) return failed_to_start(engine.error());

  // 4. The worker that archives, if this process has one; then the server: sockets, one part on every loop; nothing is
  // accepted yet.
  std::unique_ptr<ArchiveService> archive;
  if (!options.archive.empty() && !options.no_relay) {
    auto ledger = served_ledger(options);
    if (!ledger) return failed_to_start(ledger.error());
    auto started = ArchiveService::start(std::move(*ledger), options.archive);
    if (!started) return failed_to_start(started.error());
    archive = std::move(*started);
  }
  std::vector<Server::Place> places;
  for (std::size_t k = 0; k < loops.size(); ++k) places.push_back({loops[k].get(), &(*engine)->on_loop(k)});
  const Result<std::unique_ptr<Server>> server = Server::open(server_options(options, **engine, archive.get()), places);
  if (!server) return failed_to_start(server.error());

  // 5. Time: what is due is opened and closed.
  (*engine)->keep_time();

  // 6. Run.
  LoopThreads threads(loops);
  if (options.demo) {
    if (const Result<void> added = add_demo_auctions(*loops[0], (*engine)->on_loop(0)); !added) {
      threads.join();
      return failed_to_start(added.error());
    }
  }
  (*server)->start();
  const auto address = (*server)->address();
  fmt::print("listening on http://{}:{}\n", as_host(address.address()), address.port());
  std::fflush(stdout);
  spdlog::info("{} loops, {}", loops.size(), (*engine)->description());

  // 7. Until a signal; then in order: no new connections, answers in flight, goodbyes; the loops; what the ledger owes.
  signals.wait();
  spdlog::info("stopping");
  if (!(*server)->stop(ledger_failed ? patience_after_failure : patience_at_end)) {
    spdlog::warn("some connections did not end in time");
  }
  threads.join();
  (*engine)->stop();
  if (archive) archive->stop(patience_for_archive);
  spdlog::info("stopped");
  return ledger_failed ? 1 : 0;
}

}  // namespace flashbid
