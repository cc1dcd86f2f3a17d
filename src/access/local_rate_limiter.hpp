// The rate limits of one process, shared by all its loops. Any thread; no call waits for anything but a lock that is
// held for less than a microsecond, and none allocates, whatever keys come. Its clock never jumps.
#pragma once

#include <functional>
#include <optional>

#include "access/limited_keys.hpp"
#include "access/rate_limits.hpp"

namespace flashbid {

// Microseconds of a clock that never jumps.
[[nodiscard]] std::int64_t steady_us();
using MicrosecondClock = std::function<std::int64_t()>;  // any thread may ask it

[[nodiscard]] inline std::span<const char> bytes_of(const BidderId& bidder) { return bidder.view(); }
[[nodiscard]] inline std::span<const char> bytes_of(const AuctionId& auction) {
  return {reinterpret_cast<const char*>(&auction), sizeof auction};
}
[[nodiscard]] inline std::span<const char> bytes_of(const IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()};
}
template <class Key>
using LimitedBytes = LimitedKeys<Key, [](const Key& key) { return bytes_of(key); }>;

class LocalRateLimiter final : public RateLimiter {
 public:
  explicit LocalRateLimiter(const RateLimits& limits, MicrosecondClock clock = steady_us);

  // Always knows.
  [[nodiscard]] std::optional<LimitDecision> admit_at_once(const Claim& claim) override { return decide(claim); }
  void ask(const Claim& claim, Executor& loop, Done done) override;

  [[nodiscard]] LimitDecision decide(const Claim& claim);
  // Whether some limit is about this claim.
  [[nodiscard]] bool limits(const Claim& claim) const;

 private:
  const RateLimits limits_;
  MicrosecondClock clock_;
  // Looked into in this order.
  std::optional<LimitedBytes<BidderId>> bidders_;
  std::optional<LimitedBytes<IpAddress>> addresses_;
  std::optional<LimitedBytes<AuctionId>> auctions_;
};

// How many requests with a token that is not valid an address may send before it is told 429 instead of 401. Of this
// process alone: they cost nobody else anything. A valid token is not affected. Any thread.
class FailedAuthentications {
 public:
  static constexpr Rate default_rate{.limit = 50, .period_us = second_us, .burst = 50};

  // nullopt = not limited.
  explicit FailedAuthentications(const std::optional<Rate>& rate, std::size_t max_keys = 65'536,
                                 MicrosecondClock clock = steady_us);
  // One more: admitted = 401, refused = 429.
  [[nodiscard]] LimitDecision count(const IpAddress& address);

 private:
  MicrosecondClock clock_;
  std::optional<LimitedBytes<IpAddress>> addresses_;
};

}  // namespace flashbid
