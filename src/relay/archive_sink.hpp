// The archive as a relay's sink, and as what grants its leases. Belongs to the relay's thread.
#pragma once

#include <string>

#include "archive/archive_writer.hpp"
#include "base/system_clock.hpp"
#include "relay/sink.hpp"

namespace flashbid {

class ArchiveSink final : public Sink, public Leases {
 public:
  // `kind` and `shards` say what the archive is of; it is claimed when it is first reached. An empty kind is told by
  // the first batch from a queue.
  ArchiveSink(ArchiveUrl url, std::string kind, std::uint64_t shards)
      : writer_(std::move(url)), kind_(std::move(kind)), shards_(shards) {}

  // Claims the archive.
  [[nodiscard]] Result<void> prepare() override;

  [[nodiscard]] Leases* leases() override { return this; }
  [[nodiscard]] Result<std::uint64_t> beat(std::string_view owner, Duration alive) override;
  [[nodiscard]] Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                          Duration length) override;
  [[nodiscard]] Result<void> renew(const ShardLease& lease, Duration length) override;
  [[nodiscard]] Result<void> release(const ShardLease& lease) override;
  [[nodiscard]] bool stands_apart() const override { return true; }
  [[nodiscard]] Result<Stored> store(const ShardLease& lease, const SourceBatch& batch) override;
  // Idempotency keys of auctions that were over a day ago.
  [[nodiscard]] Result<bool> tidy() override { return writer_.forget_answers(clock_.now()); }

 private:
  [[nodiscard]] Result<Stored> store_queued(const ShardLease& lease, const SourceBatch& batch);

  ArchiveWriter writer_;
  std::string kind_;
  std::uint64_t shards_;
  SystemClock clock_;
  bool claimed_ = false;
};

}  // namespace flashbid
