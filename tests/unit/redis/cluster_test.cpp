// The client over a real cluster of six: failover, a lost primary, slots on the move, all under traffic. Counters prove
// that nothing is executed twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "client_loop.hpp"
#include "support/redis_cluster.hpp"

namespace flashbid::redis {
namespace {

using namespace std::chrono_literals;
using flashbid::testing::output_of;
using flashbid::testing::redis_cli;
using flashbid::testing::RedisCluster;

// INCRs of many keys, always some under way; what each was told.
class Traffic {
 public:
  static constexpr int keys = 64;

  explicit Traffic(ClientLoop& loop) : loop_(loop) {}
  static std::string key(int index) { return "n{" + std::to_string(index) + "}"; }

  void begin() {
    running_ = true;
    for (int i = 0; i < keys; ++i) next(i);
  }
  bool end() {
    running_ = false;
    return loop_.run_until([this] { return under_way_ == 0; }, 60s);
  }
  // Every counter stands between what was acknowledged and that plus what is unknown; those of `may_lose` lower, too.
  void check(const std::vector<bool>& may_lose = std::vector<bool>(keys, false)) {
    int lost = 0, twice = 0;
    for (int i = 0; i < keys; ++i) {
      const auto value = loop_.run(key(i), Command::of({"GET", key(i)}).may_repeat());
      ASSERT_TRUE(value) << text_of(value);
      const int counted = value->is_nil() ? 0 : std::stoi(std::string(value->text()));
      const auto& told = told_[static_cast<std::size_t>(i)];
      if (counted < told.acknowledged && !may_lose.at(static_cast<std::size_t>(i))) lost += told.acknowledged - counted;
      if (counted > told.acknowledged + told.unknown) ++twice;
    }
    EXPECT_EQ(twice, 0);
    EXPECT_EQ(lost, 0);
  }
  [[nodiscard]] int acknowledged() const { return total_; }

  int unavailable = 0;
  std::string last_failure;

 private:
  struct Told {
    int acknowledged = 0, unknown = 0;
  };

  void next(int index) {
    ++under_way_;
    loop_.client->send(key(index), Command::of({"INCR", key(index)}), [this, index](const Result<Reply>& reply) {
      --under_way_;
      Told& told = told_[static_cast<std::size_t>(index)];
      if (reply && reply->kind() == Reply::Kind::integer) {
        ++told.acknowledged;
        ++total_;
      } else if (!reply && reply.error().failure == Failure::outcome_unknown) {
        ++told.unknown;
      } else {
        ++unavailable;
        last_failure = text_of(reply);
      }
      if (running_) next(index);
    });
  }

  ClientLoop& loop_;
  std::array<Told, keys> told_{};
  int total_ = 0;
  int under_way_ = 0;
  bool running_ = false;
};

class RedisClusterTest : public ::testing::Test {
 protected:
  static Options patient(const std::string& url) {
    Options options = ClientLoop::options_for(url);
    options.command_timeout = 20s;
    options.retry_for = 15s;
    options.admit = [](std::shared_ptr<Primary> primary, std::move_only_function<void(Result<void>)> answer) {
      primary->send(Command::of({"PING"}), [answer = std::move(answer)](const Result<Reply>& reply) mutable {
        answer(reply ? Result<void>() : fail(Failure::unavailable, "no ping"));
      });
    };
    return options;
  }
  // Traffic until `more` further commands have been acknowledged.
  void flow(int more) {
    const int until = traffic.acknowledged() + more;
    ASSERT_TRUE(loop.run_until([&] { return traffic.acknowledged() >= until; }, 60s)) << traffic.last_failure;
  }

  RedisCluster cluster;
  ClientLoop loop{patient(cluster.url())};
  Traffic traffic{loop};
};

TEST_F(RedisClusterTest, FailoverByCommandLosesAndDoublesNothing) {
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(loop.client->kind(), Kind::cluster);
  traffic.begin();
  flow(2'000);
  const std::size_t old_primary = cluster.primary_of(Traffic::key(1));
  const std::size_t replica = cluster.replica_of(old_primary);
  ASSERT_LT(replica, RedisCluster::size);
  std::vector<std::string> primaries;
  const auto reader = loop.client->dedicated(Traffic::key(1), [&](const std::string& id) { primaries.push_back(id); });
  ASSERT_TRUE(loop.run_until([&] { return primaries.size() == 1; }));
  // Redis gives it up after five seconds if the replica could not catch up.
  for (int attempt = 0; attempt < 4 && !cluster.is_primary(replica); ++attempt) {
    ASSERT_EQ(redis_cli(cluster.node(replica).port(), {"CLUSTER", "FAILOVER"}), "OK");
    loop.run_until([&] { return cluster.is_primary(replica); }, 6s);
  }
  ASSERT_TRUE(cluster.is_primary(replica));
  flow(2'000);
  // The dedicated connection finds its key's new primary.
  std::string answer;
  reader->send(Command::of({"GET", Traffic::key(1)}).may_repeat(),
               [&](const Result<Reply>& r) { answer = text_of(r); });
  ASSERT_TRUE(loop.run_until([&] { return !answer.empty(); }));
  EXPECT_GT(std::stoi(answer), 0);
  ASSERT_EQ(primaries.size(), 2U);
  EXPECT_NE(primaries[0], primaries[1]);
  ASSERT_TRUE(traffic.end());
  EXPECT_EQ(traffic.unavailable, 0) << traffic.last_failure;
  traffic.check();
  EXPECT_TRUE(loop.run_until([&] { return loop.client->ready(); }));
}

TEST_F(RedisClusterTest, AKilledPrimaryIsReplaced) {
  ASSERT_TRUE(loop.start());
  const std::size_t primary = cluster.primary_of(Traffic::key(1));
  const std::size_t replica = cluster.replica_of(primary);
  std::vector<bool> on_primary;
  for (int i = 0; i < Traffic::keys; ++i) on_primary.push_back(cluster.primary_of(Traffic::key(i)) == primary);
  traffic.begin();
  flow(2'000);
  cluster.node(primary).kill();
  ASSERT_TRUE(loop.run_until([&] { return cluster.is_primary(replica); }, 60s));
  flow(2'000);
  ASSERT_TRUE(traffic.end());
  EXPECT_EQ(traffic.unavailable, 0) << traffic.last_failure;
  traffic.check(on_primary);  // what the replica had not received is gone, of the other primaries' keys nothing
  EXPECT_TRUE(loop.run_until([&] { return loop.client->ready(); }));
}

TEST_F(RedisClusterTest, SlotsMoveUnderTraffic) {
  ASSERT_TRUE(loop.start());
  traffic.begin();
  flow(1'000);
  std::size_t from = cluster.primary_of(Traffic::key(1));
  std::size_t to = from;
  for (int i = 2; to == from && i < Traffic::keys; ++i) to = cluster.primary_of(Traffic::key(i));
  ASSERT_NE(from, to);
  std::string output;
  std::thread moves([&] {
    output = output_of({"redis-cli", "--cluster", "reshard", RedisCluster::address(cluster.node(0)), "--cluster-from",
                        cluster.id_of(from), "--cluster-to", cluster.id_of(to), "--cluster-slots", "1500",
                        "--cluster-yes", "--cluster-pipeline", "1"});
  });
  std::atomic<bool> moved = false;
  std::thread waits([&] {
    moves.join();
    moved = true;
  });
  EXPECT_TRUE(loop.run_until([&] { return moved.load(); }, 60s));
  waits.join();
  EXPECT_EQ(output.find("[ERR]"), std::string::npos) << output;
  flow(1'000);
  ASSERT_TRUE(traffic.end());
  EXPECT_EQ(traffic.unavailable, 0) << traffic.last_failure;
  traffic.check();
}

// A slot held in the middle of its move: what is not there yet is asked for elsewhere, what is half there later.
TEST_F(RedisClusterTest, AskAndTryAgainInTheMiddleOfAMove) {
  ASSERT_TRUE(loop.start());
  ASSERT_EQ(text_of(loop.run({"SET", "here{m}", "1"})), "OK");
  const std::string slot = std::to_string(slot_of("{m}"));
  const std::size_t from = cluster.primary_of("{m}");
  std::size_t to = 0;
  while (to == from || !cluster.is_primary(to)) ++to;
  ASSERT_EQ(redis_cli(cluster.node(to).port(), {"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id_of(from)}), "OK");
  ASSERT_EQ(redis_cli(cluster.node(from).port(), {"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.id_of(to)}), "OK");
  EXPECT_EQ(text_of(loop.run({"INCR", "there{m}"})), "1");  // ASK
  EXPECT_EQ(text_of(loop.run({"INCR", "here{m}"})), "2");
  std::string answer;
  loop.client->send("{m}", Command::of({"MGET", "here{m}", "there{m}"}),  // TRYAGAIN
                    [&](const Result<Reply>& reply) { answer = text_of(reply); });
  loop.run_for(300ms);
  EXPECT_EQ(answer, "");
  ASSERT_EQ(redis_cli(cluster.node(from).port(),
                      {"MIGRATE", "127.0.0.1", std::to_string(cluster.node(to).port()), "here{m}", "0", "5000"}),
            "OK");
  ASSERT_TRUE(loop.run_until([&] { return !answer.empty(); }));
  EXPECT_EQ(answer, "(array of 2)");
  for (const std::size_t node : {to, from}) {
    ASSERT_EQ(redis_cli(cluster.node(node).port(), {"CLUSTER", "SETSLOT", slot, "NODE", cluster.id_of(to)}), "OK");
  }
  EXPECT_EQ(text_of(loop.run({"INCR", "here{m}"})), "3");  // MOVED
}

}  // namespace
}  // namespace flashbid::redis
