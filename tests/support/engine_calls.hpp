// Calls on the loops of an engine, whichever it is, that wait for their answers.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "support/thread_loop.hpp"

namespace flashbid::test {

inline constexpr Timestamp noon{1'800'000'000'000};
inline constexpr Duration minute{60'000};

class EngineCalls {
 public:
  virtual ~EngineCalls() = default;

  Result<AuctionView> create(const Terms& terms, std::optional<AuctionId> id = std::nullopt,
                             std::optional<KeyUse> key_use = std::nullopt, const std::string& by = {}) {
    return wait<AuctionView>(0, [&](Engine& engine, AuctionDone done) {
      engine.submit(CreateRequest{std::make_shared<const Terms>(terms), id, key_use, *BidderId::from(by)},
                    std::move(done));
    });
  }
  Result<AuctionView> cancel(AuctionId id, std::optional<KeyUse> key_use = std::nullopt, const std::string& by = {}) {
    return wait<AuctionView>(0, [&](Engine& engine, AuctionDone done) {
      engine.submit(CancelRequest{id, key_use, *BidderId::from(by)}, std::move(done));
    });
  }
  Result<std::vector<OperatorAction>> actions(AuctionId id, std::size_t loop = 0) {
    return wait<std::vector<OperatorAction>>(
        loop, [&](Engine& engine, ActionsDone done) { engine.actions(id, std::move(done)); });
  }
  Result<Rejections> rejections(AuctionId id, std::size_t loop = 0) {
    return wait<Rejections>(loop, [&](Engine& engine, RejectionsDone done) { engine.rejections(id, std::move(done)); });
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
  static BidRequest request(AuctionId id, const std::string& bidder, std::int64_t amount, const std::string& key = {}) {
    return {id, {*BidderId::from(bidder), Amount{amount}}, *IdempotencyKey::from(key)};
  }

  ThreadLoop& loop(std::size_t k = 0) { return *loops_[k]; }
  [[nodiscard]] virtual Engine& engine(std::size_t k = 0) = 0;

 protected:
  explicit EngineCalls(std::size_t loops) : loop_count_(loops) {}

  void start_loops() {
    for (std::size_t k = 0; k < loop_count_; ++k) loops_.push_back(std::make_unique<ThreadLoop>());
  }
  [[nodiscard]] std::vector<Executor*> executors() const {
    std::vector<Executor*> all;
    for (const auto& loop : loops_) all.push_back(loop.get());
    return all;
  }

  std::size_t loop_count_;
  std::vector<std::unique_ptr<ThreadLoop>> loops_;

  template <class T>
  std::future<Result<T>> later(std::size_t k,
                               std::function<void(Engine&, std::move_only_function<void(Result<T>)>)> call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    loops_[k]->post([this, k, promise, call = std::move(call)] {
      call(engine(k), [promise](Result<T> answer) { promise->set_value(std::move(answer)); });
    });
    return promise->get_future();
  }
  template <class T>
  Result<T> wait(std::size_t k, std::function<void(Engine&, std::move_only_function<void(Result<T>)>)> call) {
    return later<T>(k, std::move(call)).get();
  }
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
