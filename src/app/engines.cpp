#include "app/engines.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/relay_groups.hpp"
#include "base/system_clock.hpp"
#include "engine/embedded/embedded_engine.hpp"
#include "engine/redis/redis_engine.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::milliseconds longest_tick{50};

std::chrono::milliseconds until(Timestamp moment, Timestamp now) {
  return std::clamp(std::chrono::milliseconds((moment - now).ms), std::chrono::milliseconds{1}, longest_tick);
}

std::vector<Executor*> executors(const Loops& loops) {
  std::vector<Executor*> all;
  for (const auto& loop : loops) all.push_back(loop.get());
  return all;
}

// The ledger in a file of this machine, decided in this process.
class ServedEmbedded final : public ServedEngine {
 public:
  ServedEmbedded(const ServeOptions& options, const Loops& loops)
      : options_(options), loops_(loops), groups_(options.data) {}

  [[nodiscard]] Result<void> open(std::function<void(const Error&)> on_failed) {
    const Durability durability = options_.durability == "memory" ? Durability::memory : Durability::fsync;
    Result<std::unique_ptr<Ledger>> ledger =
        open_sqlite_ledger({.folder = options_.data, .durability = durability, .vfs = {}, .max_pages = 0});
    if (!ledger) return std::unexpected(ledger.error());
    ledger_ = std::move(*ledger);
    EmbeddedOptions engine_options;
    engine_options.ledger = ledger_.get();
    engine_options.clock = &clock_;
    engine_options.loops = executors(loops_);
    engine_options.on_failed = std::move(on_failed);
    Result<std::unique_ptr<EmbeddedEngine>> engine = EmbeddedEngine::start(engine_options);
    if (!engine) return std::unexpected(engine.error());
    engine_ = std::move(*engine);
    return {};
  }

  [[nodiscard]] Engine& on_loop(std::size_t k) override { return engine_->on_loop(k); }
  // Each loop asks its shard what is due.
  void keep_time() override {
    for (std::size_t k = 0; k < loops_.size(); ++k) {
      loops_[k]->repeat([this, k] { return until(engine_->tick(k), clock_.now()); });
    }
  }
  void stop() override { engine_->stop(); }
  void add_metrics(Exposition& out) const override { add_group_metrics(groups_.waiting(), out); }
  [[nodiscard]] std::string description() const override {
    return fmt::format("ledger {}/flashbid.db, durability {}", options_.data, options_.durability);
  }

 private:
  const ServeOptions& options_;
  const Loops& loops_;
  FolderGroups groups_;
  SystemClock clock_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<EmbeddedEngine> engine_;
};

// Decided and kept in Redis.
class ServedRedis final : public ServedEngine {
 public:
  ServedRedis(const ServeOptions& options, redis::Url url) : options_(options), url_(std::move(url)) {}

  [[nodiscard]] Result<void> open(const Loops& loops, std::function<bool()> gives_up) {
    RedisEngineOptions engine_options;
    engine_options.url = url_;
    engine_options.loops = executors(loops);
    engine_options.durability = parse_redis_durability(options_.durability).value();
    engine_options.shards = options_.shards;
    engine_options.unchecked = options_.redis_unchecked;
    if (!options_.archive.empty()) {
      auto archive = ArchiveUrl::parse(options_.archive);
      if (!archive) return fail(archive.error().failure, "--archive: " + archive.error().detail);
      engine_options.archive = std::move(*archive);
    }
    engine_options.on_notice = [](const std::string& line) { spdlog::warn("{}", line); };
    engine_options.gives_up = std::move(gives_up);
    Result<std::unique_ptr<RedisEngine>> engine = RedisEngine::start(std::move(engine_options));
    if (!engine) return std::unexpected(engine.error());
    engine_ = std::move(*engine);
    return {};
  }

  [[nodiscard]] Engine& on_loop(std::size_t k) override { return engine_->on_loop(k); }
  void keep_time() override {}  // its own thread does
  void stop() override { engine_->stop(); }
  void add_metrics(Exposition& out) const override {
    const RedisCounters counters = engine_->redis_counters();
    out.counter("flashbid_redis_lost_events_total", "Events that this node acknowledged and a failover lost");
    out.sample(counters.lost);
    out.counter("flashbid_redis_short_of_replicas_total", "Accepted bids that too few replicas had received in time");
    out.sample(counters.short_of_replicas);
    out.gauge("flashbid_redis_in_flight", "Commands that Redis has not answered yet");
    out.sample(counters.in_flight);
    add_group_metrics(counters.waiting_by_group, out);
  }
  [[nodiscard]] std::string description() const override {
    return fmt::format("{}, {} shards, durability {}", redis::to_text(url_), engine_->shards(), options_.durability);
  }

 private:
  const ServeOptions& options_;
  redis::Url url_;
  std::unique_ptr<RedisEngine> engine_;
};

bool is_embedded(const ServeOptions& options) { return options.engine == "embedded"; }

}  // namespace

std::string unfit_engine(const ServeOptions& options) {
  if (is_embedded(options)) {
    if (options.durability == "fsync" || options.durability == "memory") return {};
    return "--durability " + options.durability + ": the embedded engine has fsync and memory";
  }
  if (!options.engine.starts_with("redis")) {
    return "--engine " + options.engine + ": give embedded, or the URL of Redis: redis://HOST:PORT";
  }
  if (const Result<redis::Url> url = redis::parse_url(options.engine); !url) return "--engine: " + url.error().detail;
  if (!parse_redis_durability(options.durability)) {
    return "--durability " + options.durability +
           ": the Redis engine has fsync, memory and replicated:N, N from 1 to 16";
  }
  return {};
}

Result<std::unique_ptr<ServedEngine>> open_engine(const ServeOptions& options, const Loops& loops,
                                                  ServedEngineCalls calls) {
  if (is_embedded(options)) {
    auto embedded = std::make_unique<ServedEmbedded>(options, loops);
    if (const Result<void> opened = embedded->open(std::move(calls.on_failed)); !opened) {
      return std::unexpected(opened.error());
    }
    return embedded;
  }
  Result<redis::Url> url = redis::parse_url(options.engine);
  if (!url) return std::unexpected(url.error());
  auto served = std::make_unique<ServedRedis>(options, std::move(*url));
  if (const Result<void> opened = served->open(loops, std::move(calls.gives_up)); !opened)
    return std::unexpected(opened.error());
  return served;
}

}  // namespace flashbid
