#include "server/server.hpp"

#include <condition_variable>
#include <utility>

#include "server/metrics.hpp"

namespace flashbid {

Result<std::unique_ptr<Server>> Server::open(const ServerOptions& options, const std::vector<Place>& places) {
  std::unique_ptr<Server> server(new Server(options, places));
  if (const Result<void> opened = server->listener_->open(options.listen); !opened) {
    return std::unexpected(opened.error());
  }
  return server;
}

Server::Server(const ServerOptions& options, const std::vector<Place>& places) {
  shared_.limits = options.limits;
  const Engine* const engine = places.front().engine;
  shared_.dev = options.dev;
  shared_.offer = engine == nullptr ? routes::Offer::health
                  : options.dev     ? routes::Offer::demo
                                    : routes::Offer::auctions;
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
    if (add) add(out);
    return out.text();
  };
  listener_ = std::make_unique<Listener>(std::move(loops), shared_);
}

Server::~Server() = default;

void Server::start() {
  loops_.front()->loop().post([this] { listener_->start(); });
}

bool Server::stop(std::chrono::milliseconds patience) {
  struct Idle {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<bool> loops;
  };
  const auto idle = std::make_shared<Idle>();
  idle->loops.resize(loops_.size());
  // The listener first: what it has accepted is in the loops' inboxes before they wind up.
  loops_.front()->loop().post([this, idle] {
    listener_->stop();
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
