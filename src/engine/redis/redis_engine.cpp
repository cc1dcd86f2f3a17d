#include "engine/redis/redis_engine.hpp"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "archive/archive_reader.hpp"
#include "engine/history_reader.hpp"
#include "engine/redis/admission.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/loop_engine.hpp"
#include "engine/redis/node.hpp"
#include "engine/redis/redis_clock.hpp"
#include "engine/redis/refill.hpp"
#include "engine/redis/shard_feed.hpp"
#include "redis/client.hpp"
#include "redis/keys.hpp"
#include "redis/meta.hpp"
#include "redis/stream_standing.hpp"
#include "redis/sync.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::milliseconds longest_pause{100};  // between two ticks of a shard: another node may have created
constexpr std::chrono::milliseconds health_pause{100};
constexpr std::chrono::milliseconds groups_pause{2'000};
constexpr std::chrono::milliseconds start_look{50};
constexpr std::chrono::seconds refused_for{1};         // a shard that takes no writes for longer takes no bids
constexpr std::chrono::seconds short_is_told_for{10};  // after the last bid that had too few replicas

// How many shards Redis is divided into; 0 = it is new.
Result<unsigned> stored_shards(const redis::Url& url) {
  redis::Options options;
  options.url = url;
  Result<std::unique_ptr<redis::SyncClient>> client = redis::SyncClient::open(std::move(options));
  if (!client) return std::unexpected(client.error());
  const Result<redis::Reply> reply = (*client)->run(redis::meta_key(0), redis::ask_shards());
  if (!reply) return std::unexpected(reply.error());
  if (reply->is_error()) return fail(Failure::invalid, fmt::format("Redis: {}", reply->text()));
  return redis::read_shards(*reply);
}

// What Redis says, or its archive; what is wanted if both are new.
Result<unsigned> find_shards(const RedisEngineOptions& options) {
  const Result<unsigned> stored = stored_shards(options.url);
  if (!stored) return stored;
  if (*stored != 0 && options.shards != 0 && options.shards != *stored) {
    return fail(Failure::invalid,
                fmt::format("this Redis was divided into {} shards at its first start; leave --shards out", *stored));
  }
  const unsigned wanted = *stored != 0 ? *stored : options.shards;
  if (!options.archive) return wanted != 0 ? wanted : redis::default_shards;
  const auto archived = archived_shards(*options.archive, wanted);
  if (!archived && archived.error().failure == Failure::invalid) return archived;
  if (!archived && options.on_notice) {
    options.on_notice("the archive is away and waited for: " + archived.error().detail);
  }
  if (archived && *archived != 0) return archived;
  return wanted != 0 ? wanted : redis::default_shards;
}

}  // namespace

// Everything the engine owns, in the order in which it is built.
struct RedisEngine::Parts {
  RedisEngineOptions options;
  unsigned shards = 0;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  RedisClock clock;
  std::unique_ptr<HistoryReader> archive;
  std::unique_ptr<Refill> refill;
  std::unique_ptr<Admission> admission;
  std::unique_ptr<redis::Client> client;
  std::unique_ptr<Node> node;
  RedisLoopEngine::Shared shared;
  std::vector<std::unique_ptr<RedisLoopEngine>> loop_engines;
  std::vector<std::unique_ptr<ShardFeed>> feeds;                        // by shard
  std::vector<std::unique_ptr<boost::asio::steady_timer>> tick_timers;  // by shard
  std::unique_ptr<boost::asio::steady_timer> health_timer;
  std::unique_ptr<boost::asio::steady_timer> groups_timer;
  std::thread thread;

  std::mutex mutex;
  Health health;                                          // guarded by mutex
  std::map<std::string, std::uint64_t> waiting_by_group;  // guarded by mutex
  std::atomic<std::uint64_t> watchers{0};
  std::atomic<std::uint64_t> in_flight{0};
  // Of the Redis thread.
  struct Refused {
    std::chrono::steady_clock::time_point since;  // the first question in a row that was refused was sent
    std::string why;                              // the last one was; empty = it was not
  };
  std::vector<Refused> refused;  // by shard: whether it takes writes
  std::uint64_t short_seen = 0;
  std::chrono::steady_clock::time_point short_until;

  void post(Task task) {
    auto shared_task = std::make_shared<Task>(std::move(task));
    boost::asio::post(io, [shared_task] { (*shared_task)(); });
  }
  void build();
  void tell_time(std::move_only_function<void(Result<void>)> done);
  void tick(unsigned shard);
  void ask_whether_writable(unsigned shard);
  void watch_health();
  void watch_groups();
  [[nodiscard]] std::string why_not_ready() const;
  [[nodiscard]] Health current_health();
  [[nodiscard]] EngineCounters counters() const;
};

void RedisEngine::Parts::build() {
  // 1. What has left Redis, or was lost by it.
  if (options.archive) {
    archive = std::make_unique<HistoryReader>(std::make_unique<ArchiveReader>(*options.archive));
    archive->start();
    refill = std::make_unique<Refill>(Refill::Options{.url = *options.archive,
                                                      .shards = shards,
                                                      .on_redis_thread = [this](Task task) { post(std::move(task)); },
                                                      .on_notice = options.on_notice,
                                                      .on_refilled = {}});
  }

  // 2. The way to Redis, and who may decide there.
  Admission::Options admission_options;
  admission_options.shards = shards;
  admission_options.durability = options.durability;
  admission_options.unchecked = options.unchecked;
  admission_options.refill = refill.get();
  admission_options.on_notice = options.on_notice;
  admission_options.on_epoch = [this](unsigned shard, Epoch epoch) {
    node->on_epoch(shard, epoch);
    feeds[shard]->start_over();
  };
  admission = std::make_unique<Admission>(std::move(admission_options));
  redis::Options client_options;
  client_options.url = options.url;
  client_options.library_text = redis_library().text;
  client_options.on_trouble = options.on_notice;
  client_options.admit = [this](std::shared_ptr<redis::Primary> primary, Admission::Done done) {
    admission->admit(std::move(primary), std::move(done));
  };
  client = std::make_unique<redis::Client>(io, std::move(client_options));

  // 3. What is asked there.
  Node::Options node_options;
  node_options.shards = shards;
  node_options.durability = options.durability;
  node_options.archive = archive.get();
  node_options.now = [this] { return clock.now(); };
  node_options.back_here = [this](Task task) { post(std::move(task)); };
  node_options.watchers = [this](AuctionId id) { return feeds[redis::shard_of(id, shards)]->watchers(id); };
  node_options.on_notice = options.on_notice;
  node = std::make_unique<Node>(*client, *admission, std::move(node_options));

  // 4. Each loop's view with its hub, then the feed of each shard, which publishes to every hub.
  shared.clock = &clock;
  shared.node = node.get();
  shared.on_redis_thread = [this](Task task) { post(std::move(task)); };
  shared.feed = [this](AuctionId id) -> ShardFeed& { return *feeds[redis::shard_of(id, shards)]; };
  shared.health = [this] { return current_health(); };
  shared.counters = [this] { return counters(); };
  std::vector<LoopPort> ports;
  for (std::size_t k = 0; k < options.loops.size(); ++k) {
    loop_engines.push_back(std::make_unique<RedisLoopEngine>(shared, *options.loops[k], k));
    ports.push_back({options.loops[k], &loop_engines[k]->hub()});
  }
  for (unsigned shard = 0; shard < shards; ++shard) {
    feeds.push_back(std::make_unique<ShardFeed>(ShardFeed::Ports{&io, node.get(), ports, shard}));
    tick_timers.push_back(std::make_unique<boost::asio::steady_timer>(io));
  }
  refused.resize(shards);
  health_timer = std::make_unique<boost::asio::steady_timer>(io);
  groups_timer = std::make_unique<boost::asio::steady_timer>(io);
}

// The first tick of every shard: nothing is served before all have told their time.
void RedisEngine::Parts::tell_time(std::move_only_function<void(Result<void>)> done) {
  struct Telling {
    std::move_only_function<void(Result<void>)> done;
    unsigned missing;
    Result<void> told;
  };
  auto telling = std::make_shared<Telling>(std::move(done), shards);
  for (unsigned shard = 0; shard < shards; ++shard) {
    node->tick(shard, [this, shard, telling](Result<Node::Ticked> ticked) {
      if (ticked) clock.told(shard, ticked->now);
      if (!ticked) telling->told = std::unexpected(std::move(ticked.error()));
      if (--telling->missing == 0) telling->done(std::move(telling->told));
    });
  }
}

// Opens and closes what is due, as every node does: who comes first decides, the others find nothing due.
void RedisEngine::Parts::tick(unsigned shard) {
  ask_whether_writable(shard);
  node->tick(shard, [this, shard](Result<Node::Ticked> ticked) {
    auto pause = longest_pause;
    if (ticked) {
      clock.told(shard, ticked->now);
      const auto until = ticked->next ? std::chrono::milliseconds((*ticked->next - ticked->now).ms) : longest_pause;
      pause = std::clamp(until, std::chrono::milliseconds{1}, longest_pause);
    }
    tick_timers[shard]->expires_after(pause);
    tick_timers[shard]->async_wait([this, shard](const boost::system::error_code& stopped) {
      if (!stopped) tick(shard);
    });
  });
}

void RedisEngine::Parts::ask_whether_writable(unsigned shard) {
  const auto sent = std::chrono::steady_clock::now();
  node->may_write(shard, [this, shard, sent](const Result<void>& may) {
    if (!may && refused[shard].why.empty()) refused[shard].since = sent;
    refused[shard].why = may ? std::string() : may.error().detail;
  });
}

// Empty = bids are decided and kept. A primary that is connected may still refuse to write.
std::string RedisEngine::Parts::why_not_ready() const {
  std::string why;
  if (!client->ready(&why)) return why;
  const auto now = std::chrono::steady_clock::now();
  for (unsigned shard = 0; shard < shards; ++shard) {
    const Refused& by = refused[shard];
    if (!by.why.empty() && now - by.since >= refused_for) return fmt::format("shard {}: {}", shard, by.why);
  }
  return {};
}

void RedisEngine::Parts::watch_health() {
  std::string why = why_not_ready();
  std::uint64_t all = 0;
  for (const auto& feed : feeds) all += feed->all_watchers();
  watchers = all;
  in_flight = client->in_flight();
  const auto now = std::chrono::steady_clock::now();
  if (const std::uint64_t count = node->counters().short_of_replicas; count != short_seen) {
    short_seen = count;
    short_until = now + short_is_told_for;
  }
  {
    const std::scoped_lock lock(mutex);
    health.degraded.clear();
    if (now < short_until) {
      health.degraded.emplace_back("replicas: accepted bids reach fewer than --durability asks for in time");
    }
    health.ready = why.empty();
    health.reason = std::move(why);
  }
  health_timer->expires_after(health_pause);
  health_timer->async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) watch_health();
  });
}

// How far the relays are: they tell Redis. What could not be asked of every shard leaves what was known.
void RedisEngine::Parts::watch_groups() {
  struct Asked {
    std::map<std::string, std::uint64_t> waiting;
    unsigned missing;
    bool failed = false;
  };
  auto asked = std::make_shared<Asked>(Asked{{}, shards});
  for (unsigned shard = 0; shard < shards; ++shard) {
    auto command = redis::Command::of({"XINFO", "GROUPS", redis::stream_key(shard)}).may_repeat();
    client->send(redis::meta_key(shard), std::move(command), [this, asked](Result<redis::Reply> reply) {
      asked->failed = asked->failed || !reply;
      if (reply) {
        for (const StreamGroup& group : groups_of(*reply)) {
          asked->waiting[group.name] += group.pending + group.lag.value_or(0);
        }
      }
      if (--asked->missing > 0 || asked->failed) return;
      const std::scoped_lock lock(mutex);
      waiting_by_group = std::move(asked->waiting);
    });
  }
  groups_timer->expires_after(groups_pause);
  groups_timer->async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) watch_groups();
  });
}

Health RedisEngine::Parts::current_health() {
  const std::scoped_lock lock(mutex);
  return health;
}

EngineCounters RedisEngine::Parts::counters() const {
  EngineCounters sum;
  const NodeCounters& counted = node->counters();
  sum.accepted = counted.accepted;
  for (std::size_t k = 0; k < counted.rejected_by_reason.size(); ++k) {
    sum.rejected_by_reason[k] = counted.rejected_by_reason[k];
  }
  sum.repeated = counted.repeated;
  sum.watchers = watchers;
  return sum;
}

RedisEngine::RedisEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RedisEngine::~RedisEngine() { stop(); }

Result<std::unique_ptr<RedisEngine>> RedisEngine::start(RedisEngineOptions options) {
  const Result<unsigned> shards = find_shards(options);
  if (!shards) return std::unexpected(shards.error());
  std::promise<Result<void>> started;  // outlives the engine's thread
  auto outcome = started.get_future();
  std::unique_ptr<RedisEngine> engine(new RedisEngine(std::make_unique<Parts>()));
  Parts& parts = *engine->parts_;
  parts.options = std::move(options);
  parts.shards = *shards;
  parts.build();
  parts.thread = std::thread([&parts] { parts.io.run(); });

  parts.post([&parts, &started] {
    parts.client->start([&parts, &started](Result<void> ready) {
      if (!ready) return started.set_value(std::move(ready));
      parts.tell_time([&parts, &started](Result<void> told) {
        if (!told) return started.set_value(std::move(told));
        for (unsigned shard = 0; shard < parts.shards; ++shard) parts.tick(shard);
        parts.watch_health();
        parts.watch_groups();
        started.set_value({});
      });
    });
  });
  while (outcome.wait_for(start_look) != std::future_status::ready) {
    const auto& gives_up = parts.options.gives_up;
    if (gives_up && gives_up()) return fail(Failure::unavailable, "told to end while it started");
  }
  if (const Result<void> ready = outcome.get(); !ready) return std::unexpected(ready.error());
  return engine;
}

Engine& RedisEngine::on_loop(std::size_t k) { return *parts_->loop_engines[k]; }

unsigned RedisEngine::shards() const { return parts_->shards; }

RedisCounters RedisEngine::redis_counters() const {
  const NodeCounters& counted = parts_->node->counters();
  const std::scoped_lock lock(parts_->mutex);
  return {counted.lost, counted.short_of_replicas, parts_->in_flight, parts_->waiting_by_group};
}

void RedisEngine::stop() {
  if (!parts_->thread.joinable()) return;
  if (parts_->archive) parts_->archive->stop();
  if (parts_->refill) parts_->refill->stop();
  parts_->post([parts = parts_.get()] {
    for (const auto& timer : parts->tick_timers) timer->cancel();
    parts->health_timer->cancel();
    parts->groups_timer->cancel();
    parts->client->stop();
    parts->io.stop();
  });
  parts_->thread.join();
}

}  // namespace flashbid
