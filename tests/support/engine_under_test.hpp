// An embedded engine on real loops over a ledger in memory, with calls that wait for their answers. What every engine
// promises is asked through EngineCalls; what is specific to the embedded one is here.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "engine/embedded/embedded_engine.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "support/engine_calls.hpp"
#include "support/gated_ledger.hpp"
#include "support/manual_clock.hpp"

namespace flashbid::test {

class EngineUnderTest final : public EngineCalls {
 public:
  using OpenLedger = std::function<std::unique_ptr<Ledger>()>;

  // `open_ledger`: another ledger than one in memory; faults are not its.
  explicit EngineUnderTest(std::size_t loops = 1, OpenLedger open_ledger = {})
      : EngineCalls(loops), open_ledger_(std::move(open_ledger)) {
    start();
  }
  ~EngineUnderTest() override { stop(); }

  void start() {
    failed_ = false;
    ledger_ = std::make_unique<GatedLedger>(open_ledger_ ? open_ledger_() : open_memory_ledger(disk_, &faults), gate);
    start_loops();
    EmbeddedOptions options;
    options.ledger = ledger_.get();
    options.clock = &clock;
    options.loops = executors();
    options.on_failed = [this](const Error&) { failed_ = true; };
    options.committer.idle_before_moving = idle_before_moving;
    options.committer.longest_final_move = longest_final_move;
    auto started = EmbeddedEngine::start(options);
    if (!started) throw std::runtime_error(started.error().detail);
    engine_ = std::move(*started);
  }
  void stop() {
    if (!engine_) return;
    for (const auto& loop : loops_) loop->stop();
    engine_->stop();
    engine_.reset();
    loops_.clear();
    ledger_.reset();
  }
  // As if the process had ended and come back on the same disk.
  void restart() {
    stop();
    start();
  }

  // A row of history is gone, as damage to a page takes it.
  void lose(AuctionId auction, Sequence sequence) { lose_event(*disk_, auction, sequence); }

  void tick() {
    for (std::size_t k = 0; k < loop_count_; ++k) loops_[k]->run_here([&] { engine_->tick(k); });
  }
  // Waits until the committer has moved every row into history.
  void await_moved() {
    while (engine_->on_loop(0).counters().unmoved > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (const auto& loop : loops_) loop->run_here([] {});
  }

  // Lets what is on its way between the loops arrive.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      for (const auto& loop : loops_) loop->run_here([] {});
    }
  }

  Engine& engine(std::size_t k = 0) override { return engine_->on_loop(k); }
  [[nodiscard]] bool failed() const { return failed_; }

  MemoryFaults faults;
  Gate gate;
  ManualClock clock{noon};
  Duration idle_before_moving{1};
  Duration longest_final_move{5'000};  // 0 = a stop leaves the journal as a kill does

 private:
  OpenLedger open_ledger_;
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<EmbeddedEngine> engine_;
  std::atomic<bool> failed_{false};
};

}  // namespace flashbid::test
