// What a relay moves into the archive, by where it is: an embedded ledger's folder, or Redis. Called by the main
// thread; what `open` makes belongs to the relay's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "redis/url.hpp"
#include "relay/folder_leases.hpp"
#include "relay/redis_ledger.hpp"
#include "relay/redis_source.hpp"
#include "relay/source.hpp"

namespace flashbid {

struct ArchivedLedger {
  std::string kind;  // as the archive knows it
  std::uint64_t shards = 1;
  OpenSource open;
  bool shared = false;  // other processes may move it too: shards go by leases
};

// `keeps`: where its reader keeps its place, if that is not where the events go.
[[nodiscard]] ArchivedLedger ledger_of_folder(const std::string& folder, std::optional<PositionFile> keeps = {});
[[nodiscard]] std::shared_ptr<RedisLedger> redis_ledger(redis::Url url);
// With the functions of this version's library, whatever `options` says.
[[nodiscard]] ArchivedLedger ledger_of_redis(std::shared_ptr<RedisLedger> redis, unsigned shards,
                                             RedisSourceOptions options = {});

// What a node decides on. Redis is asked how many shards it has, so the engine must have been started.
[[nodiscard]] Result<ArchivedLedger> served_ledger(const ServeOptions& options);

}  // namespace flashbid
