// The client against one real redis-server: order, loss, deadlines, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_loop.hpp"
#include "redis/sync.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace flashbid::redis {
namespace {

using namespace std::chrono_literals;
using flashbid::testing::RedisConnection;
using flashbid::testing::RedisServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RedisSingle, StartsAndAnswers) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(loop.client->kind(), Kind::single);
  EXPECT_TRUE(loop.client->ready());
  EXPECT_EQ(text_of(loop.run({"SET", "a", "1"})), "OK");
  EXPECT_EQ(text_of(loop.run({"INCR", "a"})), "2");
  EXPECT_EQ(text_of(loop.run({"GET", "none"})), "(nil)");
  EXPECT_THAT(text_of(loop.run({"LPUSH", "a", "1"})), StartsWith("error: WRONGTYPE"));
  EXPECT_EQ(loop.client->in_flight(), 0U);
}

TEST(RedisSingle, PipelinesInOrder) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  std::vector<std::int64_t> seen;
  for (int i = 0; i < 10'000; ++i) {
    loop.client->send("n", Command::of({"INCR", "n"}),
                      [&seen](Result<Reply> reply) { seen.push_back(reply ? reply->integer() : -1); });
  }
  EXPECT_EQ(loop.client->in_flight(), 10'000U);
  ASSERT_TRUE(loop.run_until([&seen] { return seen.size() == 10'000; }));
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<std::int64_t>(i + 1));
}

// It keeps its clients when it becomes a replica: who wants to write has to go.
TEST(RedisSingle, APrimaryThatWasDemotedIsLeft) {
  RedisServer first;
  RedisServer second;
  ClientLoop loop(first.url() + ",127.0.0.1:" + std::to_string(second.port()));
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(text_of(loop.run({"SET", "n", "1"})), "OK");
  const bool is_first = RedisConnection(first.port()).ask({"EXISTS", "n"}).text == "1";
  const int old_primary = is_first ? first.port() : second.port();
  const int other = is_first ? second.port() : first.port();
  RedisConnection(old_primary).ask({"REPLICAOF", "127.0.0.1", std::to_string(other)});
  EXPECT_EQ(text_of(loop.run({"SET", "n", "2"})), "OK");
  EXPECT_EQ(RedisConnection(other).ask({"GET", "n"}).text, "2");
}

TEST(RedisSingle, SaysWhyItDoesNotStart) {
  std::string url;
  {
    const RedisServer server;
    url = server.url();
  }
  Options options = ClientLoop::options_for(url);
  options.retry_for = 200ms;
  options.connect_timeout = 200ms;
  ClientLoop loop(std::move(options));
  const auto started = loop.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().failure, Failure::unavailable);
  EXPECT_THAT(started.error().detail, HasSubstr("Connection refused"));
  EXPECT_THAT(text_of(loop.run({"GET", "a"})), HasSubstr("not been started"));
}

TEST(RedisSingle, RefusesBeyondItsLimits) {
  RedisServer server;
  Options options = ClientLoop::options_for(server.url());
  options.max_in_flight = 10;
  options.max_queued_bytes = 2'000;
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  int answered = 0, refused = 0;
  const auto count = [&](const Result<Reply>& reply) {
    ++(reply ? answered : refused);
    if (!reply) EXPECT_EQ(reply.error().failure, Failure::unavailable);
  };
  for (int i = 0; i < 25; ++i) loop.client->send("n", Command::of({"INCR", "n"}), count);
  ASSERT_TRUE(loop.run_until([&] { return answered + refused == 25; }));
  EXPECT_EQ(refused, 15);
  EXPECT_THAT(text_of(loop.run({"SET", "a", std::string(3'000, 'x')})), HasSubstr("too many bytes"));
  EXPECT_EQ(text_of(loop.run({"INCR", "n"})), "11");
}

// Every INCR that was answered is counted, none twice; what was written and lost is said to be unknown.
TEST(RedisSingle, KilledWithCommandsInFlight) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  ASSERT_EQ(text_of(loop.run({"SET", "n", "0"})), "OK");
  int acknowledged = 0, unknown = 0, never = 0, reads = 0;
  for (int i = 0; i < 5'000; ++i) {
    loop.client->send("n", Command::of({"INCR", "n"}), [&](const Result<Reply>& reply) {
      if (reply) {
        ++acknowledged;
      } else {
        ++(reply.error().failure == Failure::outcome_unknown ? unknown : never);
      }
      if (acknowledged == 200) server.pause();  // it may have answered more by now, but nothing from here on
    });
    loop.client->send("n", Command::of({"GET", "n"}).may_repeat(), [&](const Result<Reply>& reply) {
      EXPECT_TRUE(reply) << text_of(reply);
      ++reads;
    });
  }
  ASSERT_TRUE(loop.run_until([&] { return acknowledged >= 200; }));
  // Surely unanswered when it dies, and written unless what went ahead of them still fills the socket.
  for (int i = 0; i < 100; ++i) {
    loop.client->send("n", Command::of({"INCR", "n"}), [&](const Result<Reply>& reply) {
      if (reply) {
        ++acknowledged;
      } else {
        ++(reply.error().failure == Failure::outcome_unknown ? unknown : never);
      }
    });
  }
  loop.run_for(50ms);
  server.kill();
  loop.run_for(50ms);
  EXPECT_FALSE(loop.client->ready());
  server.restart();
  ASSERT_TRUE(loop.run_until([&] { return acknowledged + unknown + never == 5'100 && reads == 5'000; }));
  EXPECT_EQ(never, 0);
  EXPECT_GT(unknown, 0);
  const auto counted = loop.run({"GET", "n"});
  ASSERT_TRUE(counted);
  const int value = std::stoi(std::string(counted->text()));
  EXPECT_GE(value, acknowledged);
  EXPECT_LE(value, acknowledged + unknown);
  EXPECT_FALSE(loop.troubles.empty());
}

TEST(RedisSingle, WhatWasNeverWrittenWaitsForTheReconnect) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  server.kill();
  ASSERT_TRUE(loop.run_until([&] { return !loop.client->ready(); }));
  std::string answer;
  loop.client->send("n", Command::of({"INCR", "n"}),
                    [&answer](const Result<Reply>& reply) { answer = text_of(reply); });
  loop.run_for(100ms);
  EXPECT_EQ(answer, "");
  server.restart();
  ASSERT_TRUE(loop.run_until([&] { return !answer.empty(); }));
  EXPECT_EQ(answer, "1");
}

TEST(RedisSingle, WhatWasNeverWrittenIsUnavailableAtItsDeadline) {
  RedisServer server;
  Options options = ClientLoop::options_for(server.url());
  options.command_timeout = 300ms;
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  server.kill();
  ASSERT_TRUE(loop.run_until([&] { return !loop.client->ready(); }));
  EXPECT_THAT(text_of(loop.run({"INCR", "n"})), StartsWith("unavailable: Redis at 127.0.0.1"));
}

TEST(RedisSingle, AServerThatStandsStillIsFoundOut) {
  RedisServer server;
  Options options = ClientLoop::options_for(server.url());
  options.command_timeout = 300ms;
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  server.pause();
  EXPECT_THAT(text_of(loop.run({"INCR", "n"})), StartsWith("outcome_unknown: "));
  // Without commands a PING finds it.
  EXPECT_TRUE(loop.run_until([&] { return !loop.client->ready(); }));
  server.resume();
  EXPECT_TRUE(loop.run_until([&] { return loop.client->ready(); }));
  EXPECT_EQ(text_of(loop.run({"INCR", "n"})), "2");
}

TEST(RedisSingle, LoadsTheLibraryThatIsNotThere) {
  RedisServer server;
  Options options = ClientLoop::options_for(server.url());
  options.library_text =
      "#!lua name=one\nredis.register_function('one', function(keys) return redis.call('INCR', keys[1]) end)";
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  int answered = 0;
  std::int64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    loop.client->send("n", Command::of({"FCALL", "one", "1", "n"}), [&](const Result<Reply>& reply) {
      ASSERT_TRUE(reply && !reply->is_error()) << text_of(reply);
      last = std::max(last, reply->integer());
      ++answered;
    });
  }
  ASSERT_TRUE(loop.run_until([&] { return answered == 100; }));
  EXPECT_EQ(last, 100);
  ASSERT_EQ(text_of(loop.run({"FUNCTION", "FLUSH"})), "OK");
  EXPECT_EQ(text_of(loop.run("n", Command::of({"FCALL", "one", "1", "n"}))), "101");
}

TEST(RedisSingle, AdmitsEveryNewConnectionBeforeAnythingElse) {
  RedisServer server;
  Options options = ClientLoop::options_for(server.url());
  std::vector<std::string> run_ids;
  bool refuse = false;
  options.admit = [&](std::shared_ptr<Primary> primary, std::move_only_function<void(Result<void>)> answer) {
    EXPECT_TRUE(primary->serves(0) && primary->serves(slots - 1));
    EXPECT_THAT(std::string(primary->property("redis_version")), StartsWith("7."));
    run_ids.push_back(primary->run_id);
    if (refuse) return answer(fail(Failure::unavailable, "not now"));
    primary->send(Command::of({"INCR", "admissions"}),
                  [answer = std::move(answer)](const Result<Reply>& reply) mutable {
                    EXPECT_TRUE(reply);
                    answer({});
                  });
  };
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(text_of(loop.run({"GET", "admissions"})), "1");
  server.kill();
  server.restart();
  EXPECT_EQ(text_of(loop.run("admissions", Command::of({"GET", "admissions"}).may_repeat())), "2");
  ASSERT_EQ(run_ids.size(), 2U);
  EXPECT_NE(run_ids[0], run_ids[1]);
  refuse = true;
  loop.client->admit_again("admissions");
  ASSERT_TRUE(loop.run_until([&] { return run_ids.size() == 4; }));
  std::string why;
  EXPECT_FALSE(loop.client->ready(&why));
  EXPECT_THAT(why, HasSubstr("is not admitted: not now"));
  refuse = false;
  EXPECT_TRUE(loop.run_until([&] { return loop.client->ready(); }));
}

TEST(RedisSingle, AFullRedisIsSaidToBeFull) {
  RedisServer server({.appendonly = false});
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  ASSERT_EQ(text_of(loop.run({"CONFIG", "SET", "maxmemory", "1"})), "OK");
  EXPECT_THAT(text_of(loop.run({"SET", "a", "1"})), HasSubstr("is full: give it a higher maxmemory"));
}

TEST(RedisSingle, StopAnswersWhatWaits) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  std::string written, waiting;
  server.pause();
  loop.client->send("n", Command::of({"INCR", "n"}), [&](const Result<Reply>& reply) { written = text_of(reply); });
  loop.run_for(50ms);
  loop.client->send("n", Command::of({"INCR", "n"}), [&](const Result<Reply>& reply) { waiting = text_of(reply); });
  loop.client->stop();
  EXPECT_THAT(written, StartsWith("outcome_unknown: "));
  EXPECT_THAT(waiting, StartsWith("unavailable: "));
  EXPECT_THAT(text_of(loop.run({"GET", "n"})), StartsWith("unavailable: "));
}

TEST(RedisSingle, DedicatedConnectionsBlockNobody) {
  RedisServer server;
  ClientLoop loop(server.url());
  ASSERT_TRUE(loop.start());
  std::vector<std::string> primaries;
  const auto reader = loop.client->dedicated("s", [&](const std::string& run_id) { primaries.push_back(run_id); });
  std::string read;
  const auto ask = [&] {
    read.clear();
    reader->send(Command::of({"XREAD", "BLOCK", "8000", "STREAMS", "s", "$"}).may_repeat().within(10s),
                 [&](const Result<Reply>& reply) { read = text_of(reply); });
    loop.run_for(100ms);
  };
  ask();
  EXPECT_EQ(read, "");
  ASSERT_TRUE(loop.run({"XADD", "s", "*", "a", "1"}));
  ASSERT_TRUE(loop.run_until([&] { return !read.empty(); }));
  EXPECT_EQ(read, "(array of 1)");
  ask();
  server.kill();
  server.restart();
  ASSERT_TRUE(loop.run_until([&] { return primaries.size() == 2; }));
  loop.run_for(50ms);
  ASSERT_TRUE(loop.run({"XADD", "s", "*", "a", "1"}));
  ASSERT_TRUE(loop.run_until([&] { return !read.empty(); }));
  EXPECT_EQ(read, "(array of 1)");
}

TEST(RedisSync, RunsOneAndMany) {
  RedisServer server;
  const auto client = SyncClient::open(ClientLoop::options_for(server.url()));
  ASSERT_TRUE(client);
  EXPECT_EQ(text_of((*client)->run("a", Command::of({"SET", "a", "7"}))), "OK");
  std::vector<std::pair<std::string, Command>> many;
  for (int i = 0; i < 100; ++i) many.emplace_back("a", Command::of({"INCR", "a"}));
  const auto replies = (*client)->run(std::move(many));
  ASSERT_TRUE(replies);
  EXPECT_EQ(replies->front().integer(), 8);
  EXPECT_EQ(replies->back().integer(), 107);
  server.kill();
  server.restart();
  EXPECT_EQ(text_of((*client)->run("a", Command::of({"GET", "a"}).may_repeat())), "107");
}

}  // namespace
}  // namespace flashbid::redis
