#include "app/serve.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "app/archive_serve.hpp"
#include "app/demo.hpp"
#include "app/end_signals.hpp"
#include "app/engines.hpp"
#include "app/load_service.hpp"
#include "app/serve_access.hpp"
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

// How many connections there are descriptors for, with some kept for the ledger and its files: a commit must never fail
// because too many watch.
std::size_t affordable_connections(std::size_t wanted) {
  constexpr std::size_t kept = 96;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const std::size_t most = limit.rlim_cur > 2 * kept ? limit.rlim_cur - kept : limit.rlim_cur / 2;
  return std::min(most, wanted);
}

// Null without TLS.
Result<std::shared_ptr<const Certificate>> load_certificate(const ServeOptions& options) {
  if (options.tls_cert.empty()) return nullptr;
  return Certificate::load({options.tls_cert, options.tls_key});
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

// Null where there are none: they are a tool of --dev, with which everybody may read, and they speak no TLS.
std::unique_ptr<LoadService> load_service(const ServeOptions& options) {
  if (!options.dev || options.access.is_private || !options.tls_cert.empty()) return nullptr;
  return std::make_unique<LoadService>();
}

ServerOptions server_options(const ServeOptions& options, ServedEngine& engine, const ArchiveService* archive,
                             const ServedAccess& access, std::shared_ptr<const Certificate> certificate) {
  ServerOptions made;
  made.listen = parse_address(options.listen).value();
  made.access = access.options();
  made.certificate = std::move(certificate);
  made.hsts = std::chrono::seconds(options.hsts_seconds);
  if (!options.redirect_listen.empty()) made.redirect_listen = parse_address(options.redirect_listen);
  made.redirect_port = options.redirect_port;
  made.limits = limits_of(options.limits, options.dev);
  made.limits.connections = affordable_connections(made.limits.connections);
  made.health = [&first = engine.on_loop(0), archive, &access, certificate = made.certificate] {
    Health health = first.health();
    access.add_degraded(health.degraded);
    if (certificate) certificate->add_degraded(health.degraded);
    if (archive != nullptr) archive->add_degraded(health.degraded);
    return health;
  };
  made.add_metrics = [&engine, archive, &access](Exposition& out) {
    engine.add_metrics(out);
    access.add_metrics(out);
    if (archive != nullptr) archive->add_metrics(out);
  };
  return made;
}

std::string unfit_address(const ServeOptions& options) {
  const auto address = parse_address(options.listen);
  if (!address) return "--listen \"" + options.listen + "\": give ADDR:PORT, such as 127.0.0.1:8080";
  if (options.dev && !address->address().is_loopback()) {
    return "--listen " + options.listen + ": --dev is for loopback only: give 127.0.0.1:PORT or [::1]:PORT";
  }
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return options.tls_key.empty() ? "--tls-cert: give --tls-key too, the file with its private key"
                                   : "--tls-key: give --tls-cert too, the file with its certificate";
  }
  if (options.redirect_listen.empty()) return {};
  if (options.tls_cert.empty()) return "--redirect-listen sends on to https: give --tls-cert and --tls-key too";
  const auto redirect = parse_address(options.redirect_listen);
  if (!redirect) return "--redirect-listen \"" + options.redirect_listen + "\": give ADDR:PORT, such as 0.0.0.0:80";
  if (options.dev && !redirect->address().is_loopback()) {
    return "--redirect-listen " + options.redirect_listen +
           ": --dev is for loopback only: give 127.0.0.1:PORT or [::1]:PORT";
  }
  return {};
}

std::string unfit(const ServeOptions& options) {
  if (std::string why = unfit_engine(options); !why.empty()) return why;
  if (options.no_relay && options.engine == "embedded") {
    return "--no-relay: the embedded engine's archive is written by its own process: leave --no-relay out";
  }
  if (options.no_relay && options.archive.empty()) return "--no-relay: give --archive, which it reads";
  return unfit_address(options);
}

// Whoever is on the way reads tokens and passwords, unless a proxy that is named speaks TLS for us.
void warn_of_clear_text(const ServeOptions& options, const AccessOptions& access) {
  const bool takes_secrets = access.keys != nullptr || access.accounts != nullptr;
  const bool is_reachable = !parse_address(options.listen).value().address().is_loopback();
  if (!takes_secrets || !is_reachable || !options.tls_cert.empty() || !access.trusted_proxies.empty()) return;
  spdlog::warn(
      "{} on {} in clear text: give --tls-cert and --tls-key, or --trusted-proxies if a proxy before this server "
      "speaks TLS",
      access.accounts != nullptr ? "passwords and tokens are taken" : "tokens are taken", options.listen);
}

// The lines that whoever starts the server waits for, and what is less than was asked for.
void tell_addresses(const Server& server, const ServeOptions& options) {
  const std::size_t wanted = options.limits.max_connections;
  if (const std::size_t most = affordable_connections(wanted); most < wanted) {
    spdlog::log(most >= wanted / 10 * 9 ? spdlog::level::info : spdlog::level::warn,
                "--max-connections is {} and not {}: the system allows no more descriptors (ulimit -n)", most, wanted);
  }
  const auto address = server.address();
  fmt::print("listening on {}://{}:{}\n", options.tls_cert.empty() ? "http" : "https", as_host(address.address()),
             address.port());
  if (!options.redirect_listen.empty()) {
    const auto plain = server.redirect_address();
    fmt::print("redirecting from http://{}:{}\n", as_host(plain.address()), plain.port());
  }
  std::fflush(stdout);
}

}  // namespace

int serve(const ServeOptions& options) {
  if (const std::string why = unfit(options); !why.empty()) return refuse(why);
  start_log(options.log);
  raise_descriptor_limit();

  // 1. The signals that end it, before any thread is made.
  EndSignals signals;
  const auto access = ServedAccess::open(options);
  if (!access) return failed_to_start(access.error());
  const auto certificate = load_certificate(options);
  if (!certificate) return failed_to_start(certificate.error());
  const std::unique_ptr<LoadService> load = load_service(options);
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
  ServerOptions made = server_options(options, **engine, archive.get(), **access, *certificate);
  made.load = load.get();
  const Result<std::unique_ptr<Server>> server = Server::open(made, places);
  if (!server) return failed_to_start(server.error());
  if (load) load->aim((*server)->address());

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
  warn_of_clear_text(options, (*access)->options());
  tell_addresses(**server, options);
  spdlog::info("{} loops, {}", loops.size(), (*engine)->description());

  // 7. Until a signal; then in order: no bots, no new connections, answers in flight, goodbyes; the loops; what the
  // ledger owes.
  signals.wait();
  spdlog::info("stopping");
  if (load) load->end();
  if (!(*server)->stop(ledger_failed ? patience_after_failure : patience_at_end)) {
    spdlog::warn("some connections did not end in time");
  }
  threads.join();
  if (load) load->join();
  (*access)->stop();
  (*engine)->stop();
  if (archive) archive->stop(patience_for_archive);
  spdlog::info("stopped");
  return ledger_failed ? 1 : 0;
}

}  // namespace flashbid
