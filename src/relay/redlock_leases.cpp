#include "relay/redlock_leases.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace flashbid {

using std::chrono::milliseconds;

Result<std::optional<ShardLease>> RedlockLeases::acquire(std::uint64_t shard, std::string_view owner, Duration length) {
  give_up(shard);  // what the relay has dropped after a conflict
  auto lease = locks_.acquire(fmt::format("{}:{}", scope_, shard), milliseconds{length.ms});
  if (!lease) return std::unexpected(std::move(lease.error()));
  if (!*lease) return std::nullopt;
  held_.insert_or_assign(shard, std::move(**lease));
  // Of no length there: whoever has the lease here next gets the next token at once.
  auto minted = minted_.acquire(shard, owner, Duration{0});
  if (minted && *minted && held_.at(shard).holds()) return minted;
  give_up(shard);
  if (!minted) return minted;
  return std::nullopt;
}

Result<void> RedlockLeases::renew(const ShardLease& lease, Duration length) {
  const auto held = held_.find(lease.shard);
  if (held == held_.end()) return fail(Failure::conflict, fmt::format("the lease of shard {} was lost", lease.shard));
  return locks_.renew(held->second, milliseconds{length.ms});
}

Result<void> RedlockLeases::release(const ShardLease& lease) {
  give_up(lease.shard);
  return {};
}

// A server that does not hear it lets the lease run out.
void RedlockLeases::give_up(std::uint64_t shard) {
  if (const auto held = held_.extract(shard)) std::ignore = locks_.release(held.mapped());
}

}  // namespace flashbid
