// What the Redis engine promises beyond what every engine does: several nodes, a Redis that dies and comes back, and
// settings under which it does not start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "redis/keys.hpp"
#include "support/fake_redis.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_engine_under_test.hpp"
#include "support/seen.hpp"

namespace flashbid::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A second node on the first one's Redis.
class SecondNode final : public EngineCalls {
 public:
  explicit SecondNode(const RedisEngineUnderTest& first) : EngineCalls(1) {
    start_loops();
    RedisEngineOptions options;
    options.url = redis::parse_url(first.server.url()).value();
    options.loops = executors();
    engine_ = RedisEngine::start(std::move(options)).value();
  }
  ~SecondNode() override {
    for (const auto& loop : loops_) loop->stop();
    engine_->stop();
  }
  Engine& engine(std::size_t = 0) override { return *&engine_->on_loop(0); }

 private:
  std::unique_ptr<RedisEngine> engine_;
};

TEST(RedisEngine, ABidOnOneNodeIsSeenOnAnother) {
  RedisEngineUnderTest first;
  SecondNode second(first);
  first.create(open_terms());
  Seen seen;
  second.loop().run_here([&] { second.engine().hub().subscribe(seen, AuctionId{1}, WatchMode::every, std::nullopt); });
  for (int i = 0; i < 200; ++i) {
    EngineCalls& node = i % 2 == 0 ? static_cast<EngineCalls&>(first) : second;
    const auto accepted = node.bid(AuctionId{1}, "alice", 10'000 + i * 100);
    ASSERT_EQ(accepted->sequence.value(), 3U + static_cast<unsigned>(i));
  }
  EXPECT_TRUE(soon([&] { return second.loop().run_here([&] { return seen.last == Sequence{202}; }); }));
  second.loop().run_here([&] { second.engine().hub().unsubscribe(seen, AuctionId{1}); });
  EXPECT_TRUE(seen.gapless);
  EXPECT_EQ(seen.snapshots, 1);
  EXPECT_EQ(seen.resets, 0);
  // A key used on one node is known on the other.
  const auto keyed = first.bid(AuctionId{1}, "bob", 50'000, "k");
  EXPECT_EQ(*second.bid(AuctionId{1}, "bob", 50'000, "k"), *keyed);
  EXPECT_EQ(second.bid(AuctionId{1}, "bob", 50'001, "k").error().failure, Failure::key_reused);
}

// INV-1, INV-2, INV-10 over the death of Redis: all that was acknowledged is there, a new epoch begins, watchers start
// over, and a bid whose answer was lost is asked again by its key.
TEST(RedisEngine, RedisDiesAndComesBack) {
  RedisEngineUnderTest engine;
  engine.create(open_terms());
  Seen seen;
  engine.loop().run_here([&] { engine.engine().hub().subscribe(seen, AuctionId{1}, WatchMode::every, std::nullopt); });
  std::vector<BidAnswer> acknowledged;
  for (int i = 0; i < 20; ++i) acknowledged.push_back(*engine.bid(AuctionId{1}, "alice", 10'000 + i * 100));
  engine.server.kill();
  EXPECT_TRUE(soon([&] { return !engine.engine().health().ready; }));
  EXPECT_THAT(engine.engine().health().reason, HasSubstr("Redis"));
  auto keyed = engine.bid_later(EngineCalls::request(AuctionId{1}, "bob", 20'000, "k1"));
  engine.server.restart();
  EXPECT_TRUE(soon([&] { return engine.engine().health().ready; }));
  const auto again = engine.bid(AuctionId{1}, "bob", 20'000, "k1");
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->sequence, Sequence{23});
  if (const auto first = keyed.get(); first) EXPECT_EQ(*first, *again);
  const auto view = engine.read(AuctionId{1});
  EXPECT_EQ(view->epoch, Epoch{2});
  EXPECT_EQ(view->auction.bids, 21U);
  EXPECT_TRUE(soon([&] { return engine.loop().run_here([&] { return seen.last == Sequence{23}; }); }));
  engine.loop().run_here([&] { engine.engine().hub().unsubscribe(seen, AuctionId{1}); });
  EXPECT_EQ(seen.resets, 1);
  EXPECT_EQ(seen.epoch, Epoch{2});
  EXPECT_EQ(engine.redis().redis_counters().lost, 0U);
}

// A Redis that comes back as it was before, after an outage.
class RolledBack {
 public:
  explicit RolledBack(testing::RedisServer& server) : server_(server) {
    server_.stop();
    std::filesystem::copy(written(), kept(), std::filesystem::copy_options::recursive);
    server_.restart();
  }
  void come_back_after(std::chrono::milliseconds outage) {
    server_.kill();
    std::filesystem::remove_all(written());
    std::filesystem::copy(kept(), written(), std::filesystem::copy_options::recursive);
    std::this_thread::sleep_for(outage);
    server_.restart();
  }

 private:
  [[nodiscard]] std::filesystem::path written() const { return server_.folder() / "appendonlydir"; }
  [[nodiscard]] std::filesystem::path kept() const { return server_.folder() / "kept"; }

  testing::RedisServer& server_;
};

// What a failover loses is said, and counted, never silent.
TEST(RedisEngine, WhatAFailoverLosesIsCounted) {
  RedisEngineUnderTest engine;
  engine.create(open_terms());
  engine.bid(AuctionId{1}, "alice", 10'000);
  RolledBack redis(engine.server);
  EXPECT_TRUE(soon([&] { return engine.bid(AuctionId{1}, "bob", 10'100).has_value(); }));
  EXPECT_EQ(engine.bid(AuctionId{1}, "carol", 10'200)->sequence, Sequence{5});
  redis.come_back_after({});
  EXPECT_TRUE(soon([&] { return engine.redis().redis_counters().lost == 2; }));
  EXPECT_TRUE(soon([&] { return engine.read(AuctionId{1}).has_value(); }));
  EXPECT_EQ(engine.read(AuctionId{1})->auction.sequence, Sequence{3});
}

// Longer than a command is tried for, and of more auctions than are asked for at once: all of one shard.
TEST(RedisEngine, WhatIsLostInALongOutageIsCounted) {
  constexpr std::uint64_t auctions = 600;
  constexpr std::uint64_t shards = 4;
  RedisEngineUnderTest engine;
  for (std::uint64_t k = 1; k <= auctions; ++k) ASSERT_TRUE(engine.create(open_terms(), AuctionId{k * shards}));
  RolledBack redis(engine.server);
  EXPECT_TRUE(soon([&] { return engine.bid(AuctionId{shards}, "alice", 10'000).has_value(); }));
  std::vector<std::future<Result<BidAnswer>>> bids;
  for (std::uint64_t k = 2; k <= auctions; ++k) {
    bids.push_back(engine.bid_later(EngineCalls::request(AuctionId{k * shards}, "alice", 10'000)));
  }
  for (auto& bid : bids) ASSERT_TRUE(bid.get());
  redis.come_back_after(std::chrono::milliseconds{3'500});
  EXPECT_TRUE(soon([&] { return engine.redis().redis_counters().lost == auctions; }));
}

// A replica that takes over may lack what any of its shards had acknowledged, whichever of them is heard of first.
TEST(RedisEngine, EveryShardOfAPrimaryThatWasReplacedMovesOn) {
  testing::RedisCluster cluster;
  ThreadLoop loop;
  RedisEngineOptions options;
  options.url = redis::parse_url(cluster.url()).value();
  options.loops = {&loop};
  options.shards = 16;
  const auto engine = RedisEngine::start(std::move(options)).value();
  const std::size_t primary = cluster.primary_of(redis::meta_key(0));
  std::vector<unsigned> its;  // shards
  for (unsigned shard = 0; shard < 16; ++shard) {
    if (cluster.primary_of(redis::meta_key(shard)) == primary) its.push_back(shard);
  }
  ASSERT_GE(its.size(), 2U);
  // One shard hears of it well before the others, which are called ten times a second.
  std::jthread reader([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      std::promise<void> answered;
      loop.post([&] {
        engine->on_loop(0).read(AuctionId{its.front() + 16}, [&](const Result<AuctionView>&) { answered.set_value(); });
      });
      answered.get_future().wait();
    }
  });
  const std::size_t replica = cluster.replica_of(primary);
  ASSERT_TRUE(soon([&] { return cluster.offset_of(replica) == cluster.offset_of(primary); }));
  const int port = cluster.node(replica).port();
  ASSERT_EQ(testing::redis_cli(port, {"CLUSTER", "FAILOVER", "TAKEOVER"}), "OK");
  for (const unsigned shard : its) {
    const std::string key = redis::meta_key(shard);
    // More than once if the old primary was asked again before it had heard of the new one.
    const auto has_risen = [&] {
      const std::string epoch = testing::redis_cli(port, {"HGET", key, "epoch"});
      return !epoch.empty() && epoch.find_first_not_of("0123456789") == std::string::npos && epoch != "1";
    };
    ASSERT_TRUE(soon(has_risen)) << key << "\n"
                                 << testing::redis_cli(port, {"HGETALL", key}) << "\n"
                                 << testing::redis_cli(port, {"CLUSTER", "NODES"}) << "\n"
                                 << engine->on_loop(0).health().reason;
  }
  reader.request_stop();
  reader.join();
  loop.stop();
  engine->stop();
}

// A Redis as a test tells it to be, of one shard, whose primary is admitted in epoch 1.
class ScriptedShard {
 public:
  using Answer = std::function<std::optional<std::string>(const testing::FakeRedis::Words&)>;

  // What `answer` says "-" to is answered as by a Redis that is well.
  explicit ScriptedShard(Answer answer)
      : server_([answer = std::move(answer)](const testing::FakeRedis::Words& words) -> std::optional<std::string> {
          const auto told = answer(words);
          if (told != "-") return told;
          if (words[0] == "HGET") return "$1\r\n1\r\n";
          if (words[0] == "HMGET") return "*4\r\n$1\r\n1\r\n$4\r\nfake\r\n$1\r\n1\r\n$-1\r\n";
          if (words[0] == "FCALL") return "*3\r\n$1\r\n0\r\n$0\r\n\r\n$13\r\n1800000000000\r\n";  // a tick
          return "+OK\r\n";
        }) {}

  [[nodiscard]] Result<std::unique_ptr<RedisEngine>> start(Executor& loop, std::function<bool()> gives_up = {}) {
    RedisEngineOptions options;
    options.url = redis::parse_url(server_.url()).value();
    options.loops = {&loop};
    options.unchecked = true;
    options.gives_up = std::move(gives_up);
    return RedisEngine::start(std::move(options));
  }

 private:
  testing::FakeRedis server_;
};

// "Surely not decided" is not said of a bid whose first answer was lost, whatever becomes of it in a new epoch.
TEST(RedisEngine, ABidInDoubtStaysInDoubtOverANewEpoch) {
  bool is_lost = false;
  ScriptedShard shard([&](const testing::FakeRedis::Words& words) -> std::optional<std::string> {
    if (words[0] == "FCALL" && words[1].starts_with("bid_")) {
      const bool loses = words.back() == "k1" && !std::exchange(is_lost, true);
      return loses ? std::nullopt : std::optional<std::string>("-EPOCH 2\r\n");
    }
    // A primary that this node has not admitted.
    if (words[0] == "HMGET" && words.size() == 4) return "*2\r\n$1\r\n2\r\n$5\r\nother\r\n";
    return "-";
  });
  ThreadLoop loop;
  const auto engine = shard.start(loop).value();
  const auto bid = [&](const std::string& key) {
    std::promise<Result<BidAnswer>> answer;
    loop.post([&] {
      engine->on_loop(0).submit(EngineCalls::request(AuctionId{1}, "alice", 10'000, key),
                                [&](Result<BidAnswer> given) { answer.set_value(std::move(given)); });
    });
    return answer.get_future().get();
  };
  EXPECT_EQ(bid("k1").error().failure, Failure::outcome_unknown);
  EXPECT_TRUE(is_lost);
  EXPECT_EQ(bid("k2").error().failure, Failure::unavailable);
  loop.stop();
  engine->stop();
}

TEST(RedisEngine, AStartThatWaitsIsGivenUpWhenAsked) {
  ScriptedShard shard([](const testing::FakeRedis::Words& words) -> std::optional<std::string> {
    return words[0] == "FUNCTION" ? "" : "-";  // never answered
  });
  ThreadLoop loop;
  const auto started = shard.start(loop, [] { return true; });
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().detail, HasSubstr("told to end"));
  loop.stop();
}

// Emptied under a node that knows better: nothing is decided any more.
TEST(RedisEngine, AnEmptiedRedisIsNotServed) {
  RedisEngineUnderTest engine;
  engine.create(open_terms());
  testing::RedisConnection(engine.server.port()).ask({"FLUSHALL"});
  EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000).error().failure, Failure::unavailable);
  EXPECT_TRUE(soon([&] { return !engine.engine().health().ready; }));
  EXPECT_EQ(engine.create(open_terms()).error().failure, Failure::unavailable);
}

// A Redis that is there and takes no writes: whoever balances must hear of it.
void is_not_ready_under(const std::string& setting, const std::string& value, const std::string& usual,
                        const std::string& said) {
  RedisEngineUnderTest engine;
  engine.create(open_terms());
  EXPECT_TRUE(soon([&] { return engine.engine().health().ready; }));
  testing::RedisConnection(engine.server.port()).ask({"CONFIG", "SET", setting, value});
  const auto refused = engine.bid(AuctionId{1}, "alice", 10'000);
  EXPECT_EQ(refused.error().failure, Failure::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr(said));
  EXPECT_TRUE(soon([&] { return !engine.engine().health().ready; }));
  EXPECT_THAT(engine.engine().health().reason, HasSubstr(said));
  EXPECT_TRUE(engine.read(AuctionId{1})) << "reading goes on";
  testing::RedisConnection(engine.server.port()).ask({"CONFIG", "SET", setting, usual});
  EXPECT_TRUE(soon([&] { return engine.engine().health().ready; }));
  EXPECT_TRUE(engine.bid(AuctionId{1}, "alice", 10'000));
}

TEST(RedisEngine, AFullRedisIsNotReady) { is_not_ready_under("maxmemory", "1", "0", "is full"); }

TEST(RedisEngine, ARedisThatLacksReplicasIsNotReady) {
  is_not_ready_under("min-replicas-to-write", "1", "0", "fewer replicas than its min-replicas-to-write");
}

// The library's functions may be gone at any time; they are loaded again, and no bid fails for it.
TEST(RedisEngine, ALostLibraryFailsNoBid) {
  RedisEngineUnderTest engine;
  engine.create(open_terms());
  for (int i = 0; i < 10; ++i) {
    testing::RedisConnection(engine.server.port()).ask({"FUNCTION", "FLUSH", "SYNC"});
    EXPECT_EQ(engine.bid(AuctionId{1}, "alice", 10'000 + i * 100)->sequence.value(), 3U + static_cast<unsigned>(i));
  }
}

std::string why_not(testing::RedisSettings settings, RedisDurability durability = {}) {
  const testing::RedisServer server(std::move(settings));
  ThreadLoop loop;
  RedisEngineOptions options;
  options.url = redis::parse_url(server.url()).value();
  options.loops = {&loop};
  options.durability = durability;
  const auto started = RedisEngine::start(std::move(options));
  if (started) return {};
  EXPECT_EQ(started.error().failure, Failure::invalid);
  return started.error().detail;
}

TEST(RedisEngine, SettingsThatCannotKeepThePromiseAreRefused) {
  const RedisDurability memory{.fsync = false, .replicas = 0};
  EXPECT_EQ(why_not({}), "");
  EXPECT_THAT(why_not({.appendonly = false}), ContainsRegex("^Redis at [0-9.:]+ is not admitted: its appendonly"));
  EXPECT_THAT(why_not({.appendfsync = "everysec"}), HasSubstr("appendfsync is everysec"));
  EXPECT_THAT(why_not({.more = {"--no-appendfsync-on-rewrite", "yes"}}), HasSubstr("no-appendfsync-on-rewrite"));
  EXPECT_THAT(why_not({.more = {"--maxmemory-policy", "allkeys-lru"}}, memory), HasSubstr("set noeviction"));
  EXPECT_EQ(why_not({.appendonly = false}, memory), "");
  EXPECT_THAT(why_not({.more = {"--rename-command", "CONFIG", ""}}), HasSubstr("--redis-unchecked"));
}

TEST(RedisEngine, TheNumberOfShardsIsThatOfTheFirstStart) {
  const testing::RedisServer server;
  ThreadLoop loop;
  const auto start = [&](unsigned shards) {
    RedisEngineOptions options;
    options.url = redis::parse_url(server.url()).value();
    options.loops = {&loop};
    options.shards = shards;
    return RedisEngine::start(std::move(options));
  };
  EXPECT_EQ(start(5).value()->shards(), 5U);
  EXPECT_EQ(start(0).value()->shards(), 5U);
  EXPECT_THAT(start(6).error().detail, HasSubstr("5 shards"));
}

// replicated:1, without a replica until there is to be one.
class Replicated final : public EngineCalls {
 public:
  Replicated() : EngineCalls(1) {
    start_loops();
    RedisEngineOptions options;
    options.url = redis::parse_url(server_.url()).value();
    options.loops = executors();
    options.durability = {.fsync = true, .replicas = 1};
    engine_ = RedisEngine::start(std::move(options)).value();
  }
  ~Replicated() override {
    for (const auto& loop : loops_) loop->stop();
    engine_->stop();
  }
  Engine& engine(std::size_t = 0) override { return engine_->on_loop(0); }
  RedisEngine& redis() { return *engine_; }

  AuctionId create_open() {
    Terms terms = open_terms();
    terms.opens_at = engine().now();
    terms.closes_at = terms.opens_at + minute;
    return create(terms)->auction.id;
  }
  testing::RedisValue ask(const std::vector<std::string>& words) {
    return testing::RedisConnection(server_.port()).ask(words);
  }
  testing::RedisServer& replica() { return *replica_; }
  void start_replica() {
    replica_.emplace(testing::RedisSettings{.more = {"--replicaof", "127.0.0.1", std::to_string(server_.port())}});
    testing::RedisConnection connection(server_.port());
    connection.ask({"SET", "written", "1"});
    EXPECT_TRUE(soon([&] { return connection.ask({"WAIT", "1", "1000"}).text == "1"; }));
  }

 private:
  testing::RedisServer server_{{.more = {"--repl-diskless-sync-delay", "0"}}};
  std::optional<testing::RedisServer> replica_;
  std::unique_ptr<RedisEngine> engine_;
};

// An accepted bid is never called accepted, a rejected one needs no replica.
TEST(RedisEngine, TooFewReplicasAreAnUnknownOutcome) {
  Replicated node;
  const AuctionId auction = node.create_open();
  EXPECT_EQ(node.bid(auction, "alice", 10'000).error().failure, Failure::outcome_unknown);
  EXPECT_EQ(node.bid(auction, "alice", 10'050)->reason, Reason::amount_below_minimum);
  EXPECT_EQ(node.redis().redis_counters().short_of_replicas, 1U);
  EXPECT_TRUE(soon([&] { return !node.engine().health().degraded.empty(); }));
  EXPECT_THAT(node.engine().health().degraded, ElementsAre(HasSubstr("replicas")));
}

// WAIT counts what its own connection has written, and nothing if that could not write.
TEST(RedisEngine, OnlyReplicasOfWhatWasWrittenCount) {
  Replicated node;
  const AuctionId auction = node.create_open();
  node.start_replica();
  std::int64_t amount = 10'000;
  const auto is_accepted = [&] { return node.bid(auction, "alice", amount += 100).has_value(); };
  EXPECT_TRUE(soon(is_accepted));
  node.ask({"ACL", "SETUSER", "default", "-hincrby"});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_accepted());
  node.ask({"ACL", "SETUSER", "default", "+hincrby"});
  EXPECT_TRUE(soon(is_accepted));
}

TEST(RedisEngine, ReplicasAreAskedForAgainIfTheConnectionWasLost) {
  Replicated node;
  const AuctionId auction = node.create_open();
  node.start_replica();
  bool accepted = false;
  for (int attempt = 0; attempt < 10 && !accepted; ++attempt) {  // half a second is all the time there is
    node.replica().pause();
    auto bid =
        node.bid_later(EngineCalls::request(auction, "alice", 10'000 + attempt * 100, "k" + std::to_string(attempt)));
    std::this_thread::sleep_for(std::chrono::milliseconds{100});  // by now its replica is waited for
    EXPECT_EQ(bid.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
    node.ask({"CLIENT", "KILL", "TYPE", "normal"});
    node.replica().resume();
    accepted = bid.get().has_value();
  }
  EXPECT_TRUE(accepted);
}

// Redis holds up what comes behind a WAIT on its connection: nothing else may.
TEST(RedisEngine, WhatNeedsNoReplicaDoesNotWaitForOne) {
  Replicated node;
  const AuctionId auction = node.create_open();
  bool still_waits = false;
  for (int attempt = 0; attempt < 10 && !still_waits; ++attempt) {  // on a busy machine even half a second may be over
    auto accepted = node.bid_later(EngineCalls::request(auction, "alice", 10'000 + attempt * 100));
    std::this_thread::sleep_for(std::chrono::milliseconds{100});  // by now its replica is waited for
    EXPECT_EQ(node.bid(auction, "bob", 1)->reason, Reason::amount_below_minimum);
    EXPECT_TRUE(node.read(auction));
    still_waits = accepted.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
    EXPECT_EQ(accepted.get().error().failure, Failure::outcome_unknown);
  }
  EXPECT_TRUE(still_waits);
}

}  // namespace
}  // namespace flashbid::test
