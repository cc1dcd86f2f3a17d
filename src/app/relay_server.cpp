#include "app/relay_server.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "app/archive_report.hpp"
#include "app/options.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::seconds patience_at_end{1};

// Not ready while it does not store: 503 with the reason.
Health health_of(const RelayCounters& counters) {
  Health health;
  health.ready = !counters.failing && !counters.alarm;
  if (!health.ready) {
    health.reason = archive_sentence(counters);
  } else if (is_worth_telling(counters)) {
    health.degraded.push_back(archive_sentence(counters));
  }
  return health;
}

}  // namespace

Result<std::unique_ptr<RelayServer>> RelayServer::open(std::string_view listen,
                                                       const std::function<RelayCounters()>& counters) {
  const auto address = parse_address(listen);
  if (!address) return fail(Failure::invalid, "give ADDR:PORT, such as 127.0.0.1:8090");
  ServerOptions options;
  options.listen = *address;
  options.health = [counters] { return health_of(counters()); };
  options.add_metrics = [counters](Exposition& out) { add_archive_metrics(counters(), out); };
  std::unique_ptr<RelayServer> made(new RelayServer());
  auto server = Server::open(options, {{&made->loop_, nullptr}});
  if (!server) return std::unexpected(std::move(server.error()));
  made->server_ = std::move(*server);
  made->thread_ = std::jthread([loop = &made->loop_] { loop->run(); });
  made->server_->start();
  spdlog::info("listening on port {}", made->server_->address().port());
  return made;
}

RelayServer::~RelayServer() {
  if (!thread_.joinable()) return;
  std::ignore = server_->stop(patience_at_end);
  loop_.stop();
  thread_.join();
}

}  // namespace flashbid
