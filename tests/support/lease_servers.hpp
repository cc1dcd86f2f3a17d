// Redis servers that know nothing of each other, for leases. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lease/redlock.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace flashbid::testing {

class LeaseServers {
 public:
  // They keep nothing over a restart.
  explicit LeaseServers(std::size_t count, const std::vector<std::string>& environment = {}) {
    for (std::size_t k = 0; k < count; ++k) {
      servers_.push_back(std::make_unique<RedisServer>(
          RedisSettings{.appendonly = false, .appendfsync = "no", .more = {}, .environment = environment}));
    }
  }

  [[nodiscard]] RedisServer& operator[](std::size_t k) { return *servers_.at(k); }
  [[nodiscard]] std::string urls() const {
    std::string text;
    for (const auto& server : servers_) text += (text.empty() ? "" : ",") + server->url();
    return text;
  }
  // A worker's view of them. Servers that have just started have a vote, unless the test says otherwise.
  [[nodiscard]] std::unique_ptr<Redlock> open(std::chrono::milliseconds restart_delay = {}) const {
    auto locks = Redlock::open({.servers = parse_lease_servers(urls()).value(),
                                .server_timeout = std::chrono::milliseconds{1'000},
                                .restart_delay = restart_delay});
    require(locks.has_value(), "lease servers can be used");
    return std::move(*locks);
  }
  // How many of those that run have a lease of this name.
  [[nodiscard]] std::size_t granted(const std::string& name) const {
    std::size_t count = 0;
    for (const auto& server : servers_) {
      if (server->running()) count += RedisConnection(server->port()).ask({"EXISTS", name}).text == "1" ? 1 : 0;
    }
    return count;
  }

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

}  // namespace flashbid::testing
