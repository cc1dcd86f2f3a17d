// A Redis engine on real loops over a redis-server of its own, whose wall clock stands until the test moves it.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/redis/redis_engine.hpp"
#include "support/engine_calls.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::test {

// The wall clock of a server that has support/standing_clock.cpp preloaded: shows what the test says.
class StandingClock {
 public:
  explicit StandingClock(Timestamp start) : now_(start) { write(); }

  // What the server has to be started with.
  [[nodiscard]] std::vector<std::string> environment() const {
    return {"LD_PRELOAD=" FLASHBID_STANDING_CLOCK, "STANDING_CLOCK=" + file().string()};
  }
  void advance(Duration by) {
    now_ = now_ + by;
    write();
  }
  [[nodiscard]] Timestamp now() const { return now_; }

 private:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "now"; }
  // In place: the server has the file mapped.
  void write() const {
    std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
    if (!out) out.open(file(), std::ios::binary | std::ios::out);
    out.write(reinterpret_cast<const char*>(&now_.ms), sizeof now_.ms);
  }

  testing::TemporaryFolder folder_;
  Timestamp now_;
};

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
