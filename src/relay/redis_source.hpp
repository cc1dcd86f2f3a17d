// One shard's stream in Redis as a relay's source. Belongs to the relay's thread, which holds the shard's lease.
//
// Where to go on is kept in Redis, by the consumer group: its last-delivered-id is the last entry that is stored. It
// lies beside the stream and reaches a replica in one order with it, so that after a failover it still names an entry
// that is there and stored. Reading changes nothing (XRANGE; XREADGROUP would hand entries to a worker that has lost
// the shard, and costs Redis and its log a command an entry). So each look checks that the group still stands where
// this source left it, and starts over from there if it does not; a stream id alone is never trusted, for a new
// primary may give the same ones out again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "redis/stream_standing.hpp"
#include "relay/redis_ledger.hpp"
#include "relay/source.hpp"

namespace flashbid {

struct RedisSourceOptions {
  std::string group = "archive";
  std::uint64_t keep_events = 100'000;  // the newest of a shard are not let go, so that watchers find them
  bool lets_go = true;                  // false: nothing ever leaves Redis by this reader, and nobody relies on it
  // How many of these, from the first on, the archive has, where it stands behind a queue; empty = all that is stored.
  std::function<std::size_t(std::span<const Record>)> count_archived;
  std::string trim_function;  // as Redis knows it (engine/redis/functions.hpp)
  std::string forget_function;
};

class RedisSource final : public Source {
 public:
  RedisSource(std::shared_ptr<RedisLedger> ledger, unsigned shard, RedisSourceOptions options);

  // `position` is told on, and not gone by.
  [[nodiscard]] Result<void> begin(std::string_view position) override;
  // Failure::unavailable also while no node has admitted the primary that stands there: what it has may be behind what
  // was stored, under an epoch that is over.
  [[nodiscard]] Result<SourceBatch> read(std::size_t max) override;
  [[nodiscard]] Result<void> stored(std::string_view position) override;
  [[nodiscard]] Result<Waiting> waiting() override;
  // Trims the stream behind what every group has stored and the archive has, and forgets auctions that were over a day
  // ago.
  [[nodiscard]] Result<bool> tidy(std::size_t events) override;

 private:
  // The stream and its readers at one moment.
  struct Look {
    std::string run_id;  // of the server
    Epoch epoch;
    bool admitted = false;  // the server is the shard's primary
    bool marked = false;    // as archived
    StreamExtent extent;
    std::vector<StreamGroup> groups;
    redis::Reply entries;  // behind `at_`, as many as were asked for
  };

  // With `entries` of the stream, at most.
  [[nodiscard]] Result<Look> look(std::size_t entries);
  [[nodiscard]] const StreamGroup* own_group(const Look& look) const;  // null = it is not there
  [[nodiscard]] Result<SourceBatch> batch_of(const Look& look, const StreamGroup& group, std::size_t max);
  [[nodiscard]] Result<Record> record_of(const redis::Reply& entry) const;
  [[nodiscard]] Result<void> make_group(const StreamExtent& extent);
  [[nodiscard]] Result<void> reclaim(const StreamGroup& group);
  [[nodiscard]] Result<StreamId> stored_by_all(const std::vector<StreamGroup>& groups);
  [[nodiscard]] Result<bool> trim(std::size_t events, StreamId stored, std::uint64_t length);
  [[nodiscard]] Result<bool> forget(StreamId stored);
  [[nodiscard]] Result<bool> is_archived(StreamId entry);
  [[nodiscard]] std::unexpected<Error> not_there() const;

  std::shared_ptr<RedisLedger> ledger_;
  unsigned shard_;
  RedisSourceOptions options_;
  std::string meta_key_, stream_key_;
  std::string position_;        // the last entry read, or as begin() was told
  std::optional<StreamId> at_;  // the last entry stored, as the group is known to say; none = to be asked
  std::optional<std::uint64_t> entries_read_;  // of the group at `at_`
  std::uint64_t unstored_ = 0;                 // read, and not told as stored
  std::string run_id_;                         // of the server that they were read from
};

}  // namespace flashbid
