// Who may ask this server, and how often: the keys, limits and lists that the flags name, opened. Owned by serve();
// made before the loops run, ended after them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/key_ring.hpp"
#include "access/redis/redis_rate_limiter.hpp"
#include "app/options.hpp"
#include "app/serve_accounts.hpp"
#include "server/access.hpp"

namespace flashbid {

class ServedAccess {
 public:
  // Failure::invalid with one line that names the flag.
  [[nodiscard]] static Result<std::unique_ptr<ServedAccess>> open(const ServeOptions& options);

  [[nodiscard]] const AccessOptions& options() const { return options_; }
  // Any thread.
  void add_metrics(Exposition& out) const;
  void add_degraded(std::vector<std::string>& degraded) const;
  // After the loops: limits that are counted elsewhere are asked no more, and nobody logs in.
  void stop();

 private:
  ServedAccess() = default;
  [[nodiscard]] Result<void> open_keys(const ServeOptions& options);
  [[nodiscard]] Result<void> use_own_key();
  [[nodiscard]] Result<void> open_lists(const AccessFlags& flags);
  [[nodiscard]] Result<void> open_limits(const ServeOptions& options);

  std::unique_ptr<ServedAccounts> accounts_;
  std::unique_ptr<access::KeyRing> keys_;
  std::unique_ptr<RateLimiter> limits_;
  RedisRateLimiter* on_redis_ = nullptr;  // limits_, if they are counted there
  std::unique_ptr<FailedAuthentications> failures_;
  AccessOptions options_;
};

}  // namespace flashbid
