// The rate limits of all nodes together, counted in Redis by its clock. In front of it stands this process's own
// limiter with the same limits: what this node alone already has too much of is refused without asking.
//
// Any thread may ask. It has one connection a primary and one thread of its own, apart from the engine's: a limit is
// decided while the engine is busy, and Redis being away stops nothing but the answers: they are `unavailable`.
//
// One Redis, or one behind Sentinels, decides about bidder, address and auction in one step: a refusal uses up nothing
// there. In a cluster their keys are in several slots, and are asked one after another, in this order: a refusal may
// have used up those before it, never those behind it; none ever admits more than it may.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "access/local_rate_limiter.hpp"
#include "redis/url.hpp"

namespace flashbid {

struct RedisRateLimiterOptions {
  redis::Url url;
  RateLimits limits;
  std::chrono::milliseconds command_timeout{2'000};        // then a command is `unavailable`
  std::function<void(const std::string& line)> on_notice;  // for the log; from any thread
  MicrosecondClock local_clock = steady_us;                // of the limiter in front
};

class RedisRateLimiter final : public RateLimiter {
 public:
  // Waits for the first connection, for some seconds at most; a Redis that is away then is tried again and again in the
  // background. Failure::invalid if the URL cannot work.
  [[nodiscard]] static Result<std::unique_ptr<RedisRateLimiter>> start(RedisRateLimiterOptions options);
  ~RedisRateLimiter() override;
  RedisRateLimiter(const RedisRateLimiter&) = delete;
  RedisRateLimiter& operator=(const RedisRateLimiter&) = delete;

  // The local limiter's refusal, or an admission of what is not limited.
  [[nodiscard]] std::optional<LimitDecision> admit_at_once(const Claim& claim) override;
  void ask(const Claim& claim, Executor& loop, Done done) override;

  // Ends its thread; what waits is answered as unavailable. The loops have ended, or still run what is posted to them.
  // Nobody asks any more.
  void stop();

 private:
  struct Parts;
  explicit RedisRateLimiter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid
