// Three nodes that limit together over one Redis, each with a loop of its own: what they are told, and what stands in
// Redis afterwards.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "access/redis/redis_rate_limiter.hpp"
#include "support/redis_connection.hpp"
#include "support/thread_loop.hpp"

namespace flashbid::testing {

class RateNode {
 public:
  RateNode(const std::string& url, const RateLimits& limits, MicrosecondClock clock) {
    auto started = RedisRateLimiter::start(
        {.url = redis::parse_url(url).value(), .limits = limits, .local_clock = std::move(clock)});
    if (!started) throw std::runtime_error(started.error().detail);
    limiter_ = std::move(*started);
  }
  ~RateNode() { limiter_->stop(); }
  RateNode(const RateNode&) = delete;
  RateNode& operator=(const RateNode&) = delete;

  // Any thread but the loop's.
  LimitDecision admit(const Claim& claim) {
    std::promise<LimitDecision> told;
    auto answer = told.get_future();
    loop_.post([this, &claim, &told] {
      limiter_->admit(claim, loop_, [&told](LimitDecision admission) { told.set_value(std::move(admission)); });
    });
    return answer.get();
  }
  // How many of `count` are admitted.
  int admitted(const Claim& claim, int count) {
    int sum = 0;
    for (int k = 0; k < count; ++k) sum += admit(claim).admitted() ? 1 : 0;
    return sum;
  }
  RedisRateLimiter& limiter() { return *limiter_; }
  test::ThreadLoop& loop() { return loop_; }

 private:
  test::ThreadLoop loop_;
  std::unique_ptr<RedisRateLimiter> limiter_;
};

class ThreeNodes {
 public:
  static constexpr std::size_t count = 3;

  ThreeNodes(const std::string& url, const RateLimits& limits, const MicrosecondClock& clock = steady_us) {
    for (auto& node : nodes_) node = std::make_unique<RateNode>(url, limits, clock);
  }
  RateNode& operator[](std::size_t k) { return *nodes_.at(k); }

  // `work(node)` on several threads for each node, at the same time.
  template <class Work>
  void in_parallel(Work work, int threads_a_node = 3) {
    std::vector<std::thread> threads;
    for (auto& node : nodes_) {
      for (int k = 0; k < threads_a_node; ++k) threads.emplace_back([&work, &node] { work(*node); });
    }
    for (auto& thread : threads) thread.join();
  }
  // How many are admitted of those that all of them send at the same time: far more than any limit here.
  int hammer(const Claim& claim) {
    std::atomic<int> sum{0};
    in_parallel([&](RateNode& node) { sum += node.admitted(claim, 40); });
    return sum;
  }

 private:
  std::array<std::unique_ptr<RateNode>, count> nodes_;
};

// Every limit's key there: none without an end, and none ends before its state has passed, or more than 1 ms after.
inline std::size_t expect_ends(int port) {
  RedisConnection redis(port);
  std::size_t seen = 0;
  for (const RedisValue& key : redis.ask({"KEYS", "flashbid:*"}).items) {
    EXPECT_TRUE(key.text.starts_with("flashbid:rate:{")) << key;
    const RedisValue state = redis.ask({"GET", key.text});
    const std::int64_t ends_ms = std::stoll(redis.ask({"PEXPIRETIME", key.text}).text);
    if (ends_ms == -2) continue;  // just now
    ++seen;
    EXPECT_NE(ends_ms, -1) << key << " has no end";
    if (state.null) continue;
    const std::int64_t tat_us = std::stoll(state.text);
    EXPECT_GT(ends_ms * 1'000, tat_us) << key;
    EXPECT_LE(ends_ms * 1'000, tat_us + 1'000) << key;
  }
  return seen;
}

}  // namespace flashbid::testing
