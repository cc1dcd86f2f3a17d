// The client behind a real Sentinel: which primary, and the next one after a failover.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "client_loop.hpp"
#include "support/redis_cluster.hpp"

namespace flashbid::redis {
namespace {

using namespace std::chrono_literals;
using flashbid::testing::redis_cli;
using flashbid::testing::RedisServer;
using flashbid::testing::TemporaryFolder;
using ::testing::HasSubstr;

// A primary "sold" with one replica, and one Sentinel that watches them.
class RedisSentinelTest : public ::testing::Test {
 protected:
  RedisSentinelTest() {
    const std::string port = std::to_string(primary.port());
    replica = std::make_unique<RedisServer>(flashbid::testing::RedisSettings{
        .more = {"--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay", "0"}});
    // A Sentinel that finds the replica on its first look need not look again, ten seconds later.
    flashbid::testing::RedisCluster::soon([this] { return in_step(); });
    const auto file = folder.path() / "sentinel.conf";
    std::ofstream(file) << "sentinel monitor sold 127.0.0.1 " << port
                        << " 1\nsentinel down-after-milliseconds sold 500\nsentinel failover-timeout sold 5000\n";
    sentinel = std::make_unique<RedisServer>(flashbid::testing::RedisSettings{.sentinel_file = file.string()});
  }
  [[nodiscard]] std::string url() const {
    return "redis+sentinel://127.0.0.1:1,127.0.0.1:" + std::to_string(sentinel->port()) + "/sold";
  }
  // The Sentinel knows the replica, and the replica has all.
  [[nodiscard]] bool settled() const {
    return flashbid::testing::RedisCluster::soon([this] {
      return redis_cli(sentinel->port(), {"SENTINEL", "REPLICAS", "sold"}).find("slave") != std::string::npos &&
             in_step();
    });
  }
  [[nodiscard]] bool in_step() const {
    return redis_cli(replica->port(), {"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
  }
  // How many replicas have all that the client wrote: WAIT counts for the connection that it is asked on, and for
  // nothing on one that has written nothing.
  [[nodiscard]] static std::string replicated(ClientLoop& loop) { return text_of(loop.run({"WAIT", "1", "5000"})); }

  TemporaryFolder folder;
  RedisServer primary{{.more = {"--repl-diskless-sync-delay", "0"}}};
  std::unique_ptr<RedisServer> replica, sentinel;
};

TEST_F(RedisSentinelTest, FollowsTheFailover) {
  ASSERT_TRUE(settled());
  Options options = ClientLoop::options_for(url());
  options.command_timeout = 20s;
  options.retry_for = 15s;
  std::vector<std::string> run_ids;
  options.admit = [&](std::shared_ptr<Primary> admitted, std::move_only_function<void(Result<void>)> answer) {
    run_ids.push_back(admitted->run_id);
    answer({});
  };
  ClientLoop loop(std::move(options));
  const auto started = loop.start();
  ASSERT_TRUE(started) << started.error().detail;
  EXPECT_EQ(loop.client->kind(), Kind::sentinel);
  for (int i = 1; i <= 100; ++i) ASSERT_EQ(text_of(loop.run({"INCR", "n"})), std::to_string(i));
  ASSERT_EQ(replicated(loop), "1");
  primary.kill();
  ASSERT_TRUE(loop.run_until([&] { return !loop.client->ready(); }));
  EXPECT_EQ(text_of(loop.run({"INCR", "n"})), "101");
  EXPECT_EQ(redis_cli(replica->port(), {"GET", "n"}), "101");
  ASSERT_EQ(run_ids.size(), 2U);
  EXPECT_NE(run_ids[0], run_ids[1]);
}

// The old primary lives on as a replica; the Sentinel has it drop its clients.
TEST_F(RedisSentinelTest, FollowsAPlannedFailover) {
  ASSERT_TRUE(settled());
  Options options = ClientLoop::options_for(url());
  options.command_timeout = 20s;
  options.retry_for = 15s;
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  ASSERT_EQ(text_of(loop.run({"SET", "n", "1"})), "OK");
  ASSERT_EQ(replicated(loop), "1");
  // It may not have heard yet that the replica is in step.
  ASSERT_TRUE(loop.run_until([&] { return redis_cli(sentinel->port(), {"SENTINEL", "FAILOVER", "sold"}) == "OK"; }));
  ASSERT_TRUE(loop.run_until(
      [&] { return redis_cli(primary.port(), {"INFO", "replication"}).find("role:slave") != std::string::npos; }));
  ASSERT_TRUE(loop.run_until([&] { return !loop.troubles.empty(); }));
  EXPECT_EQ(text_of(loop.run({"INCR", "n"})), "2");
  EXPECT_EQ(redis_cli(replica->port(), {"GET", "n"}), "2");
}

TEST_F(RedisSentinelTest, AnUnknownNameIsSaidSo) {
  Options options =
      ClientLoop::options_for("redis+sentinel://127.0.0.1:" + std::to_string(sentinel->port()) + "/other");
  options.connect_timeout = 300ms;
  options.retry_for = 300ms;
  ClientLoop loop(std::move(options));
  const auto started = loop.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().detail, HasSubstr("knows no primary named other"));
}

}  // namespace
}  // namespace flashbid::redis
