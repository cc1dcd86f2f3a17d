#include "app/relay_from.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "app/archived_ledger.hpp"
#include "app/relay_to.hpp"
#include "relay/amqp/amqp_broker.hpp"
#include "relay/amqp/amqp_source.hpp"
#include "relay/archive_behind.hpp"
#include "relay/folder_leases.hpp"
#include "relay/kafka/kafka_broker.hpp"
#include "relay/redis_leases.hpp"

namespace flashbid {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

Result<RelayFrom> from_folder(const std::string& folder, const std::string& group, bool archives) {
  std::optional<PositionFile> keeps;
  if (!archives) keeps = position_file(folder, group);
  ArchivedLedger ledger = ledger_of_folder(folder, std::move(keeps));
  if (const auto opened = ledger.open(0); !opened) return std::unexpected(opened.error());
  return RelayFrom{.kind = std::move(ledger.kind),
                   .shards = ledger.shards,
                   .open = std::move(ledger.open),
                   .leases = [folder, group] { return std::make_unique<FolderLeases>(folder, group); }};
}

// What leaves Redis is what the archive behind the queue has, if there is one.
struct LettingGo {
  std::uint64_t keep_events = 0;
  std::shared_ptr<ArchiveBehind> archive;
};

Result<LettingGo> letting_go(const RelayFlags& flags) {
  LettingGo made{.keep_events = flags.keep_events, .archive = {}};
  if (flags.archived_in.empty()) return made;
  auto url = ArchiveUrl::parse(flags.archived_in);
  if (!url) return fail(url.error().failure, "not asked, because of --archived-in: " + url.error().detail);
  made.archive = std::make_shared<ArchiveBehind>(std::move(*url), [](const std::string& why) {
    if (why.empty()) return spdlog::info("the archive behind the queue answers again");
    spdlog::warn("nothing leaves Redis until the archive behind the queue answers: {}", why);
  });
  return made;
}

Result<RelayFrom> from_redis(const std::shared_ptr<RedisLedger>& redis, const std::string& group, bool archives,
                             const LettingGo& letting_go) {
  const auto shards = redis->count_shards();
  if (!shards) return std::unexpected(shards.error());
  RedisSourceOptions options;
  options.group = group;
  options.keep_events = letting_go.keep_events;
  options.lets_go = archives || letting_go.archive != nullptr;
  if (letting_go.archive != nullptr) {
    options.count_archived = [archive = letting_go.archive](std::span<const Record> records) {
      return archive->count(records);
    };
  }
  ArchivedLedger ledger = ledger_of_redis(redis, *shards, std::move(options));
  return RelayFrom{.kind = std::move(ledger.kind),
                   .shards = ledger.shards,
                   .open = std::move(ledger.open),
                   .leases = [redis, group] { return std::make_unique<RedisLeases>(redis, group); }};
}

Result<RelayFrom> from_rabbitmq(const std::shared_ptr<AmqpBroker>& broker) {
  const auto shards = broker->count_shards();
  if (!shards) return std::unexpected(shards.error());
  return RelayFrom{.kind = {},
                   .shards = *shards,
                   .open = [broker](std::uint64_t shard) -> Result<std::unique_ptr<Source>> {
                     return std::make_unique<AmqpSource>(broker, shard);
                   },
                   .leases = nullptr};
}

Result<RelayFrom> from_kafka(const std::shared_ptr<KafkaBroker>& broker) {
  const auto shards = broker->count_shards();
  if (!shards) return std::unexpected(shards.error());
  return RelayFrom{.kind = {},
                   .shards = *shards,
                   .open = [broker](std::uint64_t shard) { return broker->source(shard); },
                   .leases = nullptr};
}

}  // namespace

Result<FromUrl> FromUrl::parse(const RelayFlags& flags) {
  FromUrl url;
  if (flags.from.starts_with(sqlite_scheme)) {
    const std::string folder = flags.from.substr(sqlite_scheme.size());
    if (folder.empty()) return fail(Failure::invalid, "give a folder: sqlite:DIR");
    url.find_ = [folder](const std::string& group, bool archives) { return from_folder(folder, group, archives); };
    return url;
  }
  if (flags.from.starts_with("redis")) {
    auto parsed = redis::parse_url(flags.from);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    auto let_go = letting_go(flags);
    if (!let_go) return std::unexpected(std::move(let_go.error()));
    url.find_ = [redis = redis_ledger(std::move(*parsed)), let_go = std::move(*let_go)](
                    const std::string& group, bool archives) { return from_redis(redis, group, archives, let_go); };
    return url;
  }
  if (flags.from.starts_with("amqp")) {
    auto parsed = AmqpUrl::parse(flags.from);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    if (auto checked = amqp::check_authorities(*parsed); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    url.is_queue_ = true;
    AmqpBrokerOptions options;
    options.queue = flags.queue;
    url.find_ = [broker = std::make_shared<AmqpBroker>(std::move(*parsed), std::move(options))](
                    const std::string&, bool) { return from_rabbitmq(broker); };
    return url;
  }
  if (flags.from.starts_with("kafka")) {
    auto parsed = parse_kafka_url(flags.from);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    auto settings = kafka_settings(flags);
    if (!settings) return std::unexpected(std::move(settings.error()));
    auto broker = KafkaBroker::open(std::move(*parsed), std::move(*settings));
    if (!broker) return std::unexpected(std::move(broker.error()));
    url.is_queue_ = true;
    url.find_ = [broker = std::move(*broker)](const std::string&, bool) { return from_kafka(broker); };
    return url;
  }
  return fail(Failure::invalid, "give redis://HOST:PORT, sqlite:DIR, amqp://HOST:PORT or kafka://HOST:PORT/TOPIC");
}

}  // namespace flashbid
