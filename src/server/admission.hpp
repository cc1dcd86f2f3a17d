// Which commands reach the engine: those that the rate limits admit, and bids only while it can keep up. Belongs to one
// loop.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "access/rate_limits.hpp"
#include "server/loop_server.hpp"
#include "wire/errors.hpp"

namespace flashbid {

// What the client is told of a refusal.
[[nodiscard]] WireError to_wire(const LimitDecision& refusal);

// Calls `done(std::optional<WireError>)` on this loop, once: at once if this process knows the answer; nullopt = go on.
template <class Done>
void when_admitted(LoopServer& server, const Claim& claim, Done done) {
  const auto tell = [&server](const LimitDecision& admission, Done& to) {
    if (admission.verdict == LimitDecision::Verdict::refused) server.traffic().refuse(admission.by);
    to(admission.admitted() ? std::nullopt : std::optional(to_wire(admission)));
  };
  RateLimiter* const limits = server.access().limits();
  if (limits == nullptr) return done(std::nullopt);
  if (const auto known = limits->admit_at_once(claim)) return tell(*known, done);
  limits->ask(claim, server.loop(),
              [tell, done = std::move(done)](const LimitDecision& admission) mutable { tell(admission, done); });
}

// Why no bid is taken now, before anything is done for it: too many wait already, and who waits behind them would wait
// for longer than a bid is worth. nullopt = go on.
[[nodiscard]] std::optional<WireError> check_room(LoopServer& server);

// A bid that waits for the limits or for the engine: counted from when this is made until it goes, wherever it was
// moved.
class QueuedBid {
 public:
  explicit QueuedBid(LoopServer& server) : count_(server.waiting_bids()), since_(server.bid_came()) { ++*count_; }
  QueuedBid(QueuedBid&&) noexcept = default;
  QueuedBid& operator=(QueuedBid&&) = delete;
  QueuedBid(const QueuedBid&) = delete;
  QueuedBid& operator=(const QueuedBid&) = delete;
  ~QueuedBid() {
    if (count_ != nullptr) --*count_;
  }
  // It goes to the engine; returns when, if it is measured.
  [[nodiscard]] Stopwatch::time_point submitted(LoopServer& server) const {
    if (since_ == unmeasured) return unmeasured;
    const Stopwatch::time_point now = Stopwatch::now();
    server.traffic().bid_stages.add(BidStage::decode, now - since_);
    return now;
  }
  // Its answer leaves at the end of this round.
  void answered(LoopServer& server) const {
    if (since_ != unmeasured) server.bid_answered(since_);
  }

 private:
  std::shared_ptr<std::size_t> count_;  // the loop's, which this may outlive
  Stopwatch::time_point since_;         // it is measured from
};

}  // namespace flashbid
