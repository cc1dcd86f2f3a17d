// A Redis engine on real loops over a redis-server of its own, whose wall clock stands until the test moves it.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/redis/redis_engine.hpp"
#include "support/engine_calls.hpp"
#include "support/redis_server.hpp"
#include "support/standing_clock.hpp"

namespace flashbid::test {

class RedisEngineUnderTest final : public EngineCalls {
 public:
  explicit RedisEngineUnderTest(std::size_t loops = 1) : EngineCalls(loops) { start(); }
  ~RedisEngineUnderTest() override { stop(); }

  void start() {
    start_loops();
    RedisEngineOptions options;
    options.url = redis::parse_url(server.url()).value();
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

  StandingClock clock{noon};
  testing::RedisServer server{
      {.appendonly = true, .appendfsync = "always", .more = {}, .environment = clock.environment()}};

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

}  // namespace flashbid::test
