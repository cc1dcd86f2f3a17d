#include "app/relay_server.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "app/options.hpp"
#include "app/relay_report.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::seconds patience_at_end{1};

// Not ready while it does not store: 503 with the reason.
Health health_of(std::string_view hop, const RelayCounters& counters) {
  Health health;
  health.ready = !counters.failing && !counters.alarm;
  if (!health.ready) {
    health.reason = relay_sentence(hop, counters);
  } else if (is_worth_telling(counters)) {
    health.degraded.push_back(relay_sentence(hop, counters));
  }
  return health;
}

}  // namespace

Result<std::unique_ptr<RelayServer>> RelayServer::open(std::string_view listen, const std::string& hop,
                                                       const std::function<RelayCounters()>& counters) {
  const auto address = parse_address(listen);
  if (!address) return fail(Failure::invalid, "give ADDR:PORT, such as 127.0.0.1:8090");
  ServerOptions options;
  options.listen = *address;
  options.health = [hop, counters] { return health_of(hop, counters()); };
  options.add_metrics = [hop, counters](Exposition& out) { add_relay_metrics(hop, counters(), out); };
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
