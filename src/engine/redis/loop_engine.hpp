// The Redis engine as one loop sees it. Calls gather until the end of the loop's round and go to the Redis thread
// together; answers gather there until the end of a reading and come back together. Lives on its loop.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace flashbid {

class Node;
class ShardFeed;
class RedisClock;

class RedisLoopEngine final : public Engine, private EventSource {
 public:
  using NodeCall = std::move_only_function<void(Node*)>;

  // What all loops share. The functions may be called from any thread.
  struct Shared {
    RedisClock* clock = nullptr;
    std::function<void(Task)> on_redis_thread;
    Node* node = nullptr;                       // of the Redis thread
    std::function<ShardFeed&(AuctionId)> feed;  // of the Redis thread
    std::function<Health()> health;
    std::function<EngineCounters()> counters;
  };

  RedisLoopEngine(const Shared& shared, Executor& loop, std::size_t index)
      : shared_(shared), loop_(loop), index_(index), hub_(*this) {}

  void submit(const BidRequest& request, BidDone done) override;
  void submit(CreateRequest request, AuctionDone done) override;
  void submit(CancelRequest request, AuctionDone done) override;
  void read(AuctionId auction, AuctionDone done) override;
  void list(const ListQuery& query, ListDone done) override;
  void events(const EventsQuery& query, EventsDone done) override;
  void actions(AuctionId auction, ActionsDone done) override;
  void rejections(AuctionId auction, RejectionsDone done) override;

  [[nodiscard]] Hub& hub() override { return hub_; }
  [[nodiscard]] Timestamp now() override;
  [[nodiscard]] Health health() const override { return shared_.health(); }
  [[nodiscard]] EngineCounters counters() const override { return shared_.counters(); }

 private:
  void attach(AuctionId auction, std::optional<ResumePoint> from, AttachDone done) override;
  void detach(AuctionId auction) override;

  // At the end of the loop's round, on the Redis thread, in order.
  void there(NodeCall call);
  // On the Redis thread: `answer` runs on the loop, at the end of this reading, in order.
  void back_here(Task answer);
  template <class T>
  std::move_only_function<void(Result<T>)> back_here(std::move_only_function<void(Result<T>)> done) {
    return [this, done = std::move(done)](Result<T> answer) mutable {
      back_here([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
    };
  }

  const Shared& shared_;
  Executor& loop_;
  const std::size_t index_;
  Hub hub_;
  std::vector<NodeCall> calls_;  // the loop's: of this round
  std::vector<Task> answers_;    // the Redis thread's: of this reading
};

}  // namespace flashbid
