// A Redis with an archive, nodes over them, and what a relay and time do to both: what the tests of restoring and of
// archived reads stand on. The server's wall clock stands until the test moves it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <thread>

#include "archive/archive_reader.hpp"
#include "archive/archive_writer.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/restore.hpp"
#include "ledger/event_codec.hpp"
#include "support/postgres_server.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_engine_under_test.hpp"
#include "support/seen.hpp"

namespace flashbid::test {

using ::testing::HasSubstr;
using testing::PostgresServer;
using testing::RedisConnection;
using testing::RedisServer;
using testing::RedisValue;

inline constexpr unsigned shards = 4;

// One node.
class ArchivedNode final : public EngineCalls {
 public:
  ArchivedNode(const RedisServer& server, std::optional<ArchiveUrl> archive) : EngineCalls(1) {
    start_loops();
    RedisEngineOptions options;
    options.url = redis::parse_url(server.url()).value();
    options.loops = executors();
    options.archive = std::move(archive);
    auto started = RedisEngine::start(std::move(options));
    if (started) {
      engine_ = std::move(*started);
    } else {
      refused = started.error();
    }
  }
  ~ArchivedNode() override {
    for (const auto& each : loops_) each->stop();
    if (engine_) engine_->stop();
  }
  Engine& engine(std::size_t = 0) override { return engine_->on_loop(0); }
  RedisEngine& redis() { return *engine_; }

  template <class Call>
  auto on_loop(Call call) {
    return loop().run_here(std::move(call));
  }
  void watch(Seen& seen, AuctionId id, std::optional<ResumePoint> from = std::nullopt) {
    on_loop([&] { engine().hub().subscribe(seen, id, WatchMode::every, from); });
  }
  void leave(Seen& seen, AuctionId id) {
    on_loop([&] { engine().hub().unsubscribe(seen, id); });
  }

  Error refused;  // of the start; empty = it runs

 private:
  std::unique_ptr<RedisEngine> engine_;
};

class RedisArchive : public ::testing::Test {
 protected:
  RedisArchive() {
    // The number of shards is chosen at the first start.
    ThreadLoop loop;
    RedisEngineOptions options;
    options.url = redis::parse_url(server_.url()).value();
    options.loops = {&loop};
    options.shards = shards;
    options.archive = url_;
    RedisEngine::start(std::move(options)).value()->stop();
    loop.stop();
  }

  [[nodiscard]] std::unique_ptr<ArchivedNode> start() { return std::make_unique<ArchivedNode>(server_, url_); }
  // Why a node does not start.
  [[nodiscard]] std::string why_not(std::optional<ArchiveUrl> archive) {
    return ArchivedNode(server_, std::move(archive)).refused.detail;
  }
  RedisValue ask(const std::vector<std::string>& words) { return RedisConnection(server_.port()).ask(words); }
  RedisValue call(const std::string& function, unsigned shard, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"FCALL", redis_library().function(function), "1", redis::meta_key(shard)});
    return ask(arguments);
  }

  struct Entry {
    Record record;
    std::string stream_id;
  };
  std::vector<Entry> stream(unsigned shard) {
    std::vector<Entry> entries;
    for (const RedisValue& item : ask({"XRANGE", redis::stream_key(shard), "-", "+"}).items) {
      std::map<std::string, std::string> fields;
      const auto& words = item.items[1].items;
      for (std::size_t i = 0; i + 1 < words.size(); i += 2) fields[words[i].text] = words[i + 1].text;
      const auto decoded = decode_event(fields["p"], fields["x"]);
      EXPECT_TRUE(decoded) << fields["p"];
      entries.push_back({{decoded->auction, decoded->event.sequence, RecordKind::event, decoded->event.at,
                          std::make_shared<const std::string>(fields["p"]), fields["x"]},
                         item.items[0].text});
    }
    return entries;
  }

  // What a relay would do: all that the streams hold goes into the archive.
  void archive_all() {
    ArchiveWriter writer(url_);
    ASSERT_TRUE(writer.claim(redis_origin, shards));
    for (unsigned shard = 0; shard < shards; ++shard) {
      const Epoch epoch{std::stoull(ask({"HGET", redis::meta_key(shard), "epoch"}).text)};
      const auto lease = writer.acquire(shard, "test", Duration{60'000});
      ASSERT_TRUE(lease && *lease);
      std::vector<Record> records;
      for (Entry& entry : stream(shard)) records.push_back(std::move(entry.record));
      const auto stored = writer.store(**lease, epoch, records, "");
      ASSERT_TRUE(stored) << stored.error().detail;
      ASSERT_TRUE(writer.release(**lease));
    }
  }

  // Lets the streams go of all that is there, but for the newest `kept` events of each auction.
  void trim(AuctionId id, std::uint64_t kept) {
    const unsigned shard = redis::shard_of(id, shards);
    const auto entries = stream(shard);
    std::vector<Entry> its;
    for (const Entry& entry : entries) {
      if (entry.record.auction == id) its.push_back(entry);
    }
    const Entry& first_kept = its[its.size() - kept];
    EXPECT_FALSE(
        call("trim", shard,
             {first_kept.stream_id, std::to_string(id.value()), std::to_string(first_kept.record.sequence.value() - 1)})
            .error);
  }

  [[nodiscard]] Result<RefillCounts> restore() {
    return restore_redis(
        {.from = url_, .to = redis::parse_url(server_.url()).value(), .on_notice = {}, .on_shard = {}});
  }

  // The folder of the append-only file, kept beside it and put back over a newer one.
  void keep_data() {
    server_.stop();
    std::filesystem::copy(server_.folder() / "appendonlydir", server_.folder() / "kept",
                          std::filesystem::copy_options::recursive);
    server_.restart();
  }
  void roll_back() {
    server_.kill();
    std::filesystem::remove_all(server_.folder() / "appendonlydir");
    std::filesystem::copy(server_.folder() / "kept", server_.folder() / "appendonlydir",
                          std::filesystem::copy_options::recursive);
    server_.restart();
  }
  void empty_redis() {
    ask({"FLUSHALL"});
    ask({"FUNCTION", "FLUSH", "SYNC"});
  }

  Epoch archived_epoch(unsigned shard) { return (*ArchiveReader(url_).position(shard))->epoch; }
  Epoch redis_epoch(unsigned shard) { return Epoch{std::stoull(ask({"HGET", redis::meta_key(shard), "epoch"}).text)}; }

  StandingClock clock_{noon};
  RedisServer server_{{.appendonly = true, .appendfsync = "always", .more = {}, .environment = clock_.environment()}};
  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
};

inline KeyUse key_use(Operation operation, const std::string& key) {
  return {operation, *BidderId::from("op"), *IdempotencyKey::from(key), "body"};
}

inline Terms soft_terms() {
  Terms terms = open_terms();
  terms.reserve = Amount{50'000};
  terms.soft_close = SoftClose{.window = minute, .extend = minute, .mode = SoftClose::Mode::from_bid};
  terms.closes_at = noon + Duration{30'000};
  return terms;
}

}  // namespace flashbid::test
