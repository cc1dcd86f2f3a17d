// A Redis engine on real loops over a Redis of its own, whose wall clock stands until the test moves it: over one
// redis-server, or over a cluster.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/redis/redis_engine.hpp"
#include "support/engine_calls.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"
#include "support/standing_clock.hpp"

namespace flashbid::test {

struct OneRedis {
  [[nodiscard]] std::string url() const { return server.url(); }

  StandingClock clock{noon};
  testing::RedisServer server{
      {.appendonly = true, .appendfsync = "always", .more = {}, .environment = clock.environment()}};
};

// Three primaries and a replica each, made once in a process and emptied for each test.
struct SharedCluster {
  SharedCluster() {
    for (std::size_t k = 0; k < testing::RedisCluster::size; ++k) {
      if (!shared().cluster->is_primary(k)) continue;
      const int port = shared().cluster->node(k).port();
      testing::redis_cli(port, {"FLUSHALL"});
      testing::redis_cli(port, {"FUNCTION", "FLUSH"});  // with the latest moment that it has seen
    }
    clock.show(noon);
  }
  [[nodiscard]] std::string url() const { return shared().cluster->url(); }

  struct Made {
    Made() {
      // Nodes find each other only as time passes.
      std::jthread passing([this](const std::stop_token& over) {
        constexpr std::int64_t step_ms = 10;
        while (!over.stop_requested()) {
          std::this_thread::sleep_for(std::chrono::milliseconds{step_ms});
          clock.advance(Duration{step_ms});
        }
      });
      cluster = std::make_unique<testing::RedisCluster>("always", clock.environment());
    }
    StandingClock clock{noon + Duration{-3'600'000}};
    std::unique_ptr<testing::RedisCluster> cluster;
  };
  static Made& shared() {
    static Made made;
    return made;
  }

  StandingClock& clock = shared().clock;
};

template <class Redis>
class RedisEngineOver final : public Redis, public EngineCalls {
 public:
  explicit RedisEngineOver(std::size_t loops = 1) : EngineCalls(loops) { start(); }
  ~RedisEngineOver() override { stop(); }

  void start() {
    start_loops();
    RedisEngineOptions options;
    options.url = redis::parse_url(this->url()).value();
    options.loops = executors();
    options.shards = 4;
    auto started = RedisEngine::start(std::move(options));
    if (!started) throw std::runtime_error(started.error().detail);
    engine_ = std::move(*started);
  }
  void stop() {
    if (!engine_) return;
    for (const auto& loop : loops_) loop->stop();
    engine_->stop();
    engine_.reset();
    loops_.clear();
  }
  // As if the node had ended and come back.
  void restart() {
    stop();
    start();
  }
  // The node asks by itself, ten times a second.
  void tick() { std::this_thread::sleep_for(std::chrono::milliseconds(250)); }
  void await_moved() {}

  // Lets all that Redis has decided about auction 1 arrive: a watcher is answered no sooner, and a call that follows on
  // the same loop comes after it.
  void settle() {
    for (std::size_t k = 0; k < loop_count_; ++k) {
      Fence fence;
      loops_[k]->run_here([&] { engine(k).hub().subscribe(fence, AuctionId{1}, WatchMode::every, std::nullopt); });
      while (!loops_[k]->run_here([&] { return fence.told; })) std::this_thread::yield();
      loops_[k]->run_here([&] { engine(k).hub().unsubscribe(fence, AuctionId{1}); });
      (void)wait<AuctionView>(k, [](Engine& there, AuctionDone done) { there.read(AuctionId{1}, std::move(done)); });
    }
  }

  Engine& engine(std::size_t k = 0) override { return engine_->on_loop(k); }
  RedisEngine& redis() { return *engine_; }

 private:
  struct Fence final : Watcher {
    void on_snapshot(const Snapshot&) override { told = true; }
    void on_events(AuctionId, Epoch, std::span<PublishedEvent>) override {}
    void on_newer_state(AuctionId) override {}
    void on_refused(AuctionId, const Error&) override { told = true; }
    bool told = false;
  };

  std::unique_ptr<RedisEngine> engine_;
};
using RedisEngineUnderTest = RedisEngineOver<OneRedis>;
using RedisClusterUnderTest = RedisEngineOver<SharedCluster>;

}  // namespace flashbid::test
