#include "relay/archive_sink.hpp"

namespace flashbid {
namespace {

ArchiveLease of(const ShardLease& lease) { return {lease.shard, lease.token, {}}; }

}  // namespace

Result<void> ArchiveSink::prepare() {
  if (claimed_ || kind_.empty()) return {};
  auto done = writer_.claim(kind_, shards_);
  claimed_ = done.has_value();
  return done;
}

Result<std::uint64_t> ArchiveSink::beat(std::string_view owner, Duration alive) {
  if (auto claimed = prepare(); !claimed) return std::unexpected(std::move(claimed.error()));
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

Result<Stored> ArchiveSink::store(const ShardLease& lease, const SourceBatch& batch) {
  if (batch.queued) return store_queued(lease, batch);
  const auto stored = writer_.store(of(lease), batch.epoch, batch.records, batch.position);
  if (!stored) return std::unexpected(stored.error());
  return Stored{};
}

// Of which ledger the events are is known only now.
Result<Stored> ArchiveSink::store_queued(const ShardLease& lease, const SourceBatch& batch) {
  if (!batch.records.empty() && batch.ledger != kind_) {
    if (auto claimed = writer_.claim(batch.ledger, batch.shards); !claimed) {
      return fail(Failure::unavailable, std::move(claimed.error().detail));
    }
    kind_ = batch.ledger;
  }
  auto refused = writer_.store_queued(of(lease), batch.records, batch.position);
  if (!refused) return std::unexpected(std::move(refused.error()));
  Stored stored;
  for (ArchiveRefusal& each : *refused) stored.refused.push_back({each.record, each.early, std::move(each.why)});
  return stored;
}

}  // namespace flashbid
