#include "server/server.hpp"

#include <condition_variable>
#include <utility>

#include "base/assert.hpp"
#include "server/metrics.hpp"

namespace flashbid {

Result<std::unique_ptr<Server>> Server::open(const ServerOptions& options, const std::vector<Place>& places) {
  std::unique_ptr<Server> server(new Server(options, places));
  if (const Result<void> opened = server->listeners_.front()->open(options.listen); !opened) {
    return std::unexpected(opened.error());
  }
  if (options.redirect_listen) {
    require(options.certificate != nullptr, "there is TLS to send on to");
    if (const Result<void> opened = server->listeners_.back()->open(*options.redirect_listen); !opened) {
      return std::unexpected(opened.error());
    }
    server->shared_.redirect_port = options.redirect_port != 0 ? options.redirect_port : server->address().port();
  }
  return server;
}

Server::Server(const ServerOptions& options, const std::vector<Place>& places) {
  shared_.limits = options.limits;
  const Engine* const engine = places.front().engine;
  shared_.access = options.access;
  shared_.by_address.emplace(options.limits.connections_per_address);
  shared_.access.tls = options.certificate != nullptr;
  shared_.certificate = options.certificate;
  if (options.hsts.count() > 0) {
    shared_.tls_headers = "Strict-Transport-Security: max-age=" + std::to_string(options.hsts.count()) + "\r\n";
  }
  shared_.offer = engine == nullptr                                  ? routes::Offer::health
                  : options.access.dev && !options.access.is_private ? routes::Offer::demo
                                                                     : routes::Offer::auctions;
  if (shared_.offer == routes::Offer::demo) shared_.load = options.load;
  shared_.health = options.health ? options.health : [engine] { return engine->health(); };
  std::vector<LoopServer*> loops;
  for (const Place& place : places) {
    loops_.push_back(std::make_unique<LoopServer>(*place.loop, place.engine, shared_));
    loops.push_back(loops_.back().get());
  }
  shared_.metrics = [this, engine, add = options.add_metrics] {
    std::vector<const Traffic*> totals;
    for (const auto& loop : loops_) totals.push_back(&loop->totals());
    Exposition out;
    flashbid::add_metrics(totals, engine, out);
    if (shared_.certificate) shared_.certificate->add_metrics(out);
    if (add) add(out);
    return out;
  };
  const Entrance entrance = options.certificate ? Entrance::tls : Entrance::plain;
  listeners_.push_back(std::make_unique<Listener>(loops, shared_, entrance));
  if (options.redirect_listen) {
    listeners_.push_back(std::make_unique<Listener>(std::move(loops), shared_, Entrance::redirect));
  }
}

Server::~Server() = default;

void Server::start() {
  loops_.front()->loop().post([this] {
    for (const auto& listener : listeners_) listener->start();
  });
}

bool Server::stop(std::chrono::milliseconds patience) {
  struct Idle {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<bool> loops;
  };
  const auto idle = std::make_shared<Idle>();
  idle->loops.resize(loops_.size());
  // The listeners first: what they have accepted is in the loops' inboxes before they wind up.
  loops_.front()->loop().post([this, idle] {
    for (const auto& listener : listeners_) listener->stop();
    for (std::size_t k = 0; k < loops_.size(); ++k) {
      loops_[k]->loop().post([loop = loops_[k].get(), idle, k] {
        loop->wind_up([idle, k] {
          const std::lock_guard lock(idle->mutex);
          idle->loops[k] = true;
          idle->changed.notify_one();
        });
      });
    }
  });
  std::unique_lock lock(idle->mutex);
  return idle->changed.wait_for(lock, patience, [&idle] {
    for (const bool one : idle->loops) {
      if (!one) return false;
    }
    return true;
  });
}

}  // namespace flashbid
