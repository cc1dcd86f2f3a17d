// The port to the rate limits: whether one more command may come, by who sends it, from which address, about which
// auction. What is refused by one limit uses up none of them, in one process; a cluster of Redis may be less exact
// (access/redis/redis_rate_limiter.hpp). Limits are about commands (bids, what operators do), never about what others
// are told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "access/gcra.hpp"
#include "access/ip_address.hpp"
#include "base/executor.hpp"
#include "base/ids.hpp"

namespace flashbid {

// nullopt = not limited.
struct RateLimits {
  std::optional<Rate> bidder = Rate{.limit = 20, .period_us = second_us, .burst = 40};
  std::optional<Rate> address = Rate{.limit = 100, .period_us = second_us, .burst = 200};
  std::optional<Rate> auction;
  bool operators_exempt = true;
  std::size_t max_keys = 65'536;  // that a process remembers, of each limit

  [[nodiscard]] bool any() const { return bidder || address || auction; }
};

// Who wants to do something.
struct Claim {
  BidderId bidder;    // empty = nobody is known
  IpAddress address;  // of the client, behind proxies too (access/forwarded.hpp)
  AuctionId auction;  // 0 = about none
  bool is_operator = false;
};

enum class LimitedBy : std::uint8_t { nothing, bidder, address, auction, failed_authentications };
inline constexpr std::size_t limited_by_count = static_cast<std::size_t>(LimitedBy::failed_authentications) + 1;
[[nodiscard]] std::string_view to_text(LimitedBy limit);

struct LimitDecision {
  enum class Verdict : std::uint8_t { admitted, refused, unavailable };
  Verdict verdict = Verdict::admitted;
  LimitedBy by = LimitedBy::nothing;  // of a refusal: the first limit that refused
  std::int64_t retry_after_us = 0;    // of a refusal: so long until that limit admits one more
  std::string why = {};               // of unavailable: one sentence

  [[nodiscard]] bool admitted() const { return verdict == Verdict::admitted; }
  // For Retry-After: whole seconds, at least 1.
  [[nodiscard]] std::int64_t retry_after_s() const;
  // One sentence for the one who is refused.
  [[nodiscard]] std::string detail() const;
};
[[nodiscard]] LimitDecision refusal(LimitedBy limit, const GcraDecision& decision);

class RateLimiter {
 public:
  using Done = std::move_only_function<void(LimitDecision)>;

  virtual ~RateLimiter() = default;

  // The answer, if this process knows it; an admission counts. nullopt = others have to be asked, by ask(), at once.
  // Any thread.
  [[nodiscard]] virtual std::optional<LimitDecision> admit_at_once(const Claim& claim) = 0;
  // `loop`: the caller's own; `done` is called there, exactly once, later. Only after admit_at_once() told nothing.
  virtual void ask(const Claim& claim, Executor& loop, Done done) = 0;

  // Both: `done` may be called before this returns.
  void admit(const Claim& claim, Executor& loop, Done done) {
    if (auto known = admit_at_once(claim)) return done(std::move(*known));
    ask(claim, loop, std::move(done));
  }
};

}  // namespace flashbid
