// Leases in the Redis that is read, for workers whose sink grants none. The token is not checked where the events go: a
// worker that was paused past its lease sends some of them twice, and in order, which whoever receives must bear
// anyway. Belongs to the relay's thread.
#pragma once

#include <memory>
#include <string>

#include "relay/redis_ledger.hpp"
#include "relay/sink.hpp"

namespace flashbid {

class RedisLeases final : public Leases {
 public:
  // Workers of the same `group` share the shards.
  RedisLeases(std::shared_ptr<RedisLedger> ledger, std::string group)
      : ledger_(std::move(ledger)), group_(std::move(group)) {}

  [[nodiscard]] Result<std::uint64_t> beat(std::string_view owner, Duration alive) override;
  [[nodiscard]] Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                          Duration length) override;
  [[nodiscard]] Result<void> renew(const ShardLease& lease, Duration length) override;
  [[nodiscard]] Result<void> release(const ShardLease& lease) override;

 private:
  [[nodiscard]] std::string key(std::uint64_t shard) const;
  [[nodiscard]] Result<std::int64_t> run(std::string_view script, const std::string& key, std::string_view first,
                                         std::int64_t second);

  std::shared_ptr<RedisLedger> ledger_;
  std::string group_;
};

}  // namespace flashbid
