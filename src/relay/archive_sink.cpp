#include "relay/archive_sink.hpp"

namespace flashbid {
namespace {

ArchiveLease of(const ShardLease& lease) { return {lease.shard, lease.token, {}}; }

}  // namespace

Result<void> ArchiveSink::claim() {
  if (claimed_) return {};
  auto done = writer_.claim(kind_, shards_);
  claimed_ = done.has_value();
  return done;
}

Result<std::uint64_t> ArchiveSink::beat(std::string_view owner, Duration alive) {
  if (auto claimed = claim(); !claimed) return std::unexpected(std::move(claimed.error()));
  return writer_.beat(owner, alive);
}

Result<std::optional<ShardLease>> ArchiveSink::acquire(std::uint64_t shard, std::string_view owner, Duration length) {
  auto lease = writer_.acquire(shard, owner, length);
  if (!lease) return std::unexpected(std::move(lease.error()));
  if (!*lease) return std::nullopt;
  return ShardLease{(*lease)->shard, (*lease)->token, std::move((*lease)->position)};
}

Result<void> ArchiveSink::renew(const ShardLease& lease, Duration length) { return writer_.renew(of(lease), length); }

Result<void> ArchiveSink::release(const ShardLease& lease) { return writer_.release(of(lease)); }

Result<void> ArchiveSink::store(const ShardLease& lease, const SourceBatch& batch) {
  return writer_.store(of(lease), batch.epoch, batch.records, batch.position);
}

}  // namespace flashbid
