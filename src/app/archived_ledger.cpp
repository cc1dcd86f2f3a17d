#include "app/archived_ledger.hpp"

#include <utility>

#include "engine/redis/library.hpp"
#include "relay/sqlite_source.hpp"

namespace flashbid {

ArchivedLedger ledger_of_folder(const std::string& folder, std::optional<PositionFile> keeps) {
  return {.kind = "sqlite", .shards = 1, .open = [folder, keeps = std::move(keeps)](std::uint64_t) {
            return SqliteSource::open(folder, keeps);
          }};
}

std::shared_ptr<RedisLedger> redis_ledger(redis::Url url) {
  return std::make_shared<RedisLedger>(std::move(url), redis_library().text);
}

ArchivedLedger ledger_of_redis(std::shared_ptr<RedisLedger> redis, unsigned shards, RedisSourceOptions options) {
  options.trim_function = redis_library().function("trim");
  options.forget_function = redis_library().function("forget");
  return {.kind = "redis",
          .shards = shards,
          .open = [redis = std::move(redis),
                   options = std::move(options)](std::uint64_t shard) -> Result<std::unique_ptr<Source>> {
            return std::make_unique<RedisSource>(redis, static_cast<unsigned>(shard), options);
          },
          .shared = true};
}

Result<ArchivedLedger> served_ledger(const ServeOptions& options) {
  if (options.engine == "embedded") return ledger_of_folder(options.data);
  auto url = redis::parse_url(options.engine);
  if (!url) return std::unexpected(std::move(url.error()));
  const auto redis = redis_ledger(std::move(*url));
  const auto shards = redis->count_shards();
  if (!shards) return std::unexpected(shards.error());
  return ledger_of_redis(redis, *shards);
}

}  // namespace flashbid
