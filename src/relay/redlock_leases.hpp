// Leases on Redis in front of the place that is written to: Redis says who works on a shard, the place still mints the
// token and checks it, so that it makes no difference to what is stored whether Redis was right. Belongs to the relay's
// thread.
#pragma once

#include <map>
#include <string>

#include "lease/redlock.hpp"
#include "relay/sink.hpp"

namespace flashbid {

class RedlockLeases final : public Leases {
 public:
  // `minted` is where tokens come from, and who counts the workers. `scope` begins the names of these shards' leases:
  // the same for all workers that share them, and for no others.
  RedlockLeases(Redlock& locks, Leases& minted, std::string scope)
      : locks_(locks), minted_(minted), scope_(std::move(scope)) {}

  [[nodiscard]] Result<std::uint64_t> beat(std::string_view owner, Duration alive) override {
    return minted_.beat(owner, alive);
  }
  [[nodiscard]] Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                          Duration length) override;
  [[nodiscard]] Result<void> renew(const ShardLease& lease, Duration length) override;
  [[nodiscard]] Result<void> release(const ShardLease& lease) override;

 private:
  void give_up(std::uint64_t shard);

  Redlock& locks_;
  Leases& minted_;
  std::string scope_;
  std::map<std::uint64_t, HeldLease> held_;  // by shard; some may have run out
};

}  // namespace flashbid
