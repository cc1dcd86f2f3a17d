// An embedded engine on real loops over a ledger in memory, with calls that wait for their answers. One suite runs
// over every engine: what is specific to the embedded one is here.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/embedded/embedded_engine.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "support/gated_ledger.hpp"
#include "support/manual_clock.hpp"
#include "support/thread_loop.hpp"

namespace flashbid::test {

inline constexpr Timestamp noon{1'800'000'000'000};
inline constexpr Duration minute{60'000};

class EngineUnderTest {
 public:
  explicit EngineUnderTest(std::size_t loops = 1) : loop_count_(loops) { start(); }
  ~EngineUnderTest() { stop(); }

  void start() {
    failed_ = false;
    ledger_ = std::make_unique<GatedLedger>(open_memory_ledger(disk_, &faults), gate);
    for (std::size_t k = 0; k < loop_count_; ++k) loops_.push_back(std::make_unique<ThreadLoop>());
    EmbeddedOptions options;
    options.ledger = ledger_.get();
    options.clock = &clock;
    for (const auto& loop : loops_) options.loops.push_back(loop.get());
    options.on_failed = [this](const Error&) { failed_ = true; };
    options.committer.idle_before_moving = idle_before_moving;
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

  Result<AuctionView> create(const Terms& terms, std::optional<AuctionId> id = std::nullopt,
                             std::optional<KeyUse> key_use = std::nullopt) {
    return wait<AuctionView>(0, [&](Engine& engine, AuctionDone done) {
      engine.submit(CreateRequest{std::make_shared<const Terms>(terms), id, key_use}, std::move(done));
    });
  }
  Result<AuctionView> cancel(AuctionId id, std::optional<KeyUse> key_use = std::nullopt) {
    return wait<AuctionView>(
        0, [&](Engine& engine, AuctionDone done) { engine.submit(CancelRequest{id, key_use}, std::move(done)); });
  }
  std::future<Result<BidAnswer>> bid_later(const BidRequest& request, std::size_t loop = 0) {
    return later<BidAnswer>(loop, [request](Engine& engine, BidDone done) { engine.submit(request, std::move(done)); });
  }
  Result<BidAnswer> bid(AuctionId id, const std::string& bidder, std::int64_t amount, const std::string& key = {}) {
    return bid_later(request(id, bidder, amount, key)).get();
  }
  Result<AuctionView> read(AuctionId id) {
    return wait<AuctionView>(0, [&](Engine& engine, AuctionDone done) { engine.read(id, std::move(done)); });
  }
  Result<EventsPage> events(const EventsQuery& query) {
    return wait<EventsPage>(0, [&](Engine& engine, EventsDone done) { engine.events(query, std::move(done)); });
  }
  Result<AuctionPage> list(const ListQuery& query) {
    return wait<AuctionPage>(0, [&](Engine& engine, ListDone done) { engine.list(query, std::move(done)); });
  }
  void tick() {
    for (std::size_t k = 0; k < loop_count_; ++k) loops_[k]->run_here([&] { engine_->tick(k); });
  }
  // Waits until the committer has moved every row into history.
  void await_moved() {
    while (engine_->on_loop(0).counters().unmoved > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (const auto& loop : loops_) loop->run_here([] {});
  }

  static BidRequest request(AuctionId id, const std::string& bidder, std::int64_t amount, const std::string& key = {}) {
    return {id, {*BidderId::from(bidder), Amount{amount}}, *IdempotencyKey::from(key)};
  }

  ThreadLoop& loop(std::size_t k = 0) { return *loops_[k]; }
  Engine& engine(std::size_t k = 0) { return engine_->on_loop(k); }
  [[nodiscard]] bool failed() const { return failed_; }

  MemoryFaults faults;
  Gate gate;
  ManualClock clock{noon};
  Duration idle_before_moving{1};

 private:
  template <class T>
  std::future<Result<T>> later(std::size_t k,
                               std::function<void(Engine&, std::move_only_function<void(Result<T>)>)> call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    loops_[k]->post([this, k, promise, call = std::move(call)] {
      call(engine_->on_loop(k), [promise](Result<T> answer) { promise->set_value(std::move(answer)); });
    });
    return promise->get_future();
  }
  template <class T>
  Result<T> wait(std::size_t k, std::function<void(Engine&, std::move_only_function<void(Result<T>)>)> call) {
    return later<T>(k, std::move(call)).get();
  }

  std::size_t loop_count_;
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Ledger> ledger_;
  std::vector<std::unique_ptr<ThreadLoop>> loops_;
  std::unique_ptr<EmbeddedEngine> engine_;
  std::atomic<bool> failed_{false};
};

// An English auction that is open from now for an hour: CNY, from 10000, by 100.
inline Terms open_terms() {
  Terms terms;
  terms.title = "A lot";
  terms.opening_price = Amount{10'000};
  terms.increment = *Increment::fixed(Amount{100});
  terms.opens_at = noon;
  terms.closes_at = noon + Duration{3'600'000};
  return terms;
}

}  // namespace flashbid::test
