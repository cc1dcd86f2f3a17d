#include "engine/redis/loop_engine.hpp"

#include "engine/redis/node.hpp"
#include "engine/redis/redis_clock.hpp"
#include "engine/redis/shard_feed.hpp"

namespace flashbid {

void RedisLoopEngine::there(NodeCall call) {
  calls_.push_back(std::move(call));
  if (calls_.size() > 1) return;  // the first has asked for the flush
  loop_.post([this] {
    shared_.on_redis_thread([node = shared_.node, calls = std::exchange(calls_, {})]() mutable {
      for (NodeCall& one : calls) one(node);
    });
  });
}

void RedisLoopEngine::back_here(Task answer) {
  answers_.push_back(std::move(answer));
  if (answers_.size() > 1) return;
  shared_.on_redis_thread([this] {
    loop_.post([answers = std::exchange(answers_, {})]() mutable {
      for (Task& one : answers) one();
    });
  });
}

void RedisLoopEngine::submit(const BidRequest& request, BidDone done) {
  there([request, done = back_here<BidAnswer>(std::move(done))](Node* node) mutable {
    node->bid(request, std::move(done));
  });
}

void RedisLoopEngine::submit(CreateRequest request, AuctionDone done) {
  there([request = std::move(request), done = back_here<AuctionView>(std::move(done))](Node* node) mutable {
    node->create(std::move(request), std::move(done));
  });
}

void RedisLoopEngine::submit(CancelRequest request, AuctionDone done) {
  there([request = std::move(request), done = back_here<AuctionView>(std::move(done))](Node* node) mutable {
    node->cancel(std::move(request), std::move(done));
  });
}

void RedisLoopEngine::read(AuctionId auction, AuctionDone done) {
  there([auction, done = back_here<AuctionView>(std::move(done))](Node* node) mutable {
    node->read(auction, std::move(done));
  });
}

void RedisLoopEngine::list(const ListQuery& query, ListDone done) {
  there([query, done = back_here<AuctionPage>(std::move(done))](Node* node) mutable {
    node->list(query, std::move(done));
  });
}

void RedisLoopEngine::events(const EventsQuery& query, EventsDone done) {
  there([query, done = back_here<EventsPage>(std::move(done))](Node* node) mutable {
    node->events(query, std::move(done));
  });
}

void RedisLoopEngine::actions(AuctionId auction, ActionsDone done) {
  there([auction, done = back_here<std::vector<OperatorAction>>(std::move(done))](Node* node) mutable {
    node->actions(auction, std::move(done));
  });
}

void RedisLoopEngine::rejections(AuctionId auction, RejectionsDone done) {
  there([auction, done = back_here<Rejections>(std::move(done))](Node* node) mutable {
    node->rejections(auction, std::move(done));
  });
}

Timestamp RedisLoopEngine::now() { return shared_.clock->now(); }

// Answers of the feed are posted at once and not gathered: publications are too, and must not overtake them.
void RedisLoopEngine::attach(AuctionId auction, std::optional<ResumePoint> from, AttachDone done) {
  there([this, auction, from, done = std::move(done)](Node*) mutable {
    shared_.feed(auction).attach(
        index_, auction, from, [this, done = std::move(done)](Result<Attached> answer) mutable {
          loop_.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
        });
  });
}

void RedisLoopEngine::detach(AuctionId auction) {
  there([this, auction](Node*) { shared_.feed(auction).detach(index_, auction); });
}

}  // namespace flashbid
