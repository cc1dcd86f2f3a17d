// How often somebody may try to log in: by the name that is tried, whoever tries it, and by the address that tries,
// whatever the name. What is refused by one counts for neither. Any thread; of this process alone.
#pragma once

#include <optional>
#include <string>

#include "access/local_rate_limiter.hpp"
#include "base/ids.hpp"

namespace flashbid::accounts {

// nullopt = not limited.
struct AttemptLimits {
  std::optional<Rate> name = Rate{.limit = 10, .period_us = minute_us, .burst = 10};
  std::optional<Rate> address = Rate{.limit = 60, .period_us = minute_us, .burst = 30};    // that cost a hash
  std::optional<Rate> session = Rate{.limit = 600, .period_us = minute_us, .burst = 200};  // of an address, that do not
  std::size_t max_keys = 16'384;  // that are remembered, of each
};

struct TooMany {
  std::string detail;  // one sentence for people
  std::int64_t retry_after_s = 1;
};

class Attempts {
 public:
  explicit Attempts(const AttemptLimits& limits, MicrosecondClock clock = steady_us);

  // One more that costs a hash; nullopt = it may come. `name` in whatever case; empty = a new one.
  [[nodiscard]] std::optional<TooMany> count(const BidderId& name, const IpAddress& address);
  // One more that brings a refresh token.
  [[nodiscard]] std::optional<TooMany> count_session(const IpAddress& address);

 private:
  MicrosecondClock clock_;
  // Looked into in this order.
  std::optional<LimitedBytes<BidderId>> names_;
  std::optional<LimitedBytes<IpAddress>> addresses_;
  std::optional<LimitedBytes<IpAddress>> sessions_;
};

}  // namespace flashbid::accounts
