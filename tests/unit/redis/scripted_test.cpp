// The client against a server that says what the test wants: refusals, redirections, cut and senseless answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client_loop.hpp"
#include "support/fake_redis.hpp"

namespace flashbid::redis {
namespace {

using namespace std::chrono_literals;
using flashbid::testing::FakeRedis;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answered = std::optional<std::string>;

// A single server that answers by turns, the last answer for ever.
struct Turns {
  std::vector<Answered> answers;
  std::size_t turn = 0;
  Answered operator()(const FakeRedis::Words&) { return answers[std::min(turn++, answers.size() - 1)]; }
};

Options hasty(const std::string& url) {
  Options options = ClientLoop::options_for(url);
  options.retry_for = 300ms;
  return options;
}

std::string answer_of(std::vector<Answered> turns, Command command) {
  FakeRedis server(Turns{std::move(turns)});
  ClientLoop loop(hasty(server.url()));
  EXPECT_TRUE(loop.start());
  return text_of(loop.run("k", std::move(command)));
}

TEST(RedisScripted, WhatWasRefusedIsTriedAgain) {
  for (const char* refusal : {"-TRYAGAIN x\r\n", "-LOADING x\r\n", "-CLUSTERDOWN x\r\n", "-MASTERDOWN x\r\n",
                              "-READONLY x\r\n", "-BUSY x\r\n"}) {
    EXPECT_EQ(answer_of({refusal, refusal, ":1\r\n"}, Command::of({"INCR", "k"})), "1") << refusal;
  }
}

TEST(RedisScripted, ButNotForEver) {
  EXPECT_THAT(answer_of({"-LOADING still\r\n"}, Command::of({"INCR", "k"})),
              AllOf(StartsWith("unavailable: "), HasSubstr("LOADING still")));
}

TEST(RedisScripted, WhatIsHopelessIsNotTriedAgain) {
  EXPECT_THAT(answer_of({"-OOM x\r\n", ":1\r\n"}, Command::of({"INCR", "k"})), HasSubstr("is full"));
  EXPECT_THAT(answer_of({"-MISCONF x\r\n", ":1\r\n"}, Command::of({"INCR", "k"})), HasSubstr("cannot write its data"));
  EXPECT_THAT(answer_of({"-NOPERM x\r\n", ":1\r\n"}, Command::of({"INCR", "k"})), HasSubstr("widen the user's ACL"));
}

TEST(RedisScripted, AnErrorOutOfTheMiddleOfAScriptIsAnAnswer) {
  EXPECT_EQ(answer_of({"-READONLY x script: f, on @user_function:1.\r\n", ":1\r\n"}, Command::of({"FCALL", "f", "0"})),
            "error: READONLY x script: f, on @user_function:1.");
}

TEST(RedisScripted, ALibraryThatCannotBeLoadedIsSaidSo) {
  FakeRedis server([](const FakeRedis::Words& words) -> Answered {
    return words.front() == "FUNCTION" ? "-ERR no such engine\r\n" : "-ERR Function not found\r\n";
  });
  Options options = hasty(server.url());
  options.library_text = "#!lua name=x";
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  EXPECT_THAT(text_of(loop.run("k", Command::of({"FCALL", "f", "0"}))),
              AllOf(StartsWith("unavailable: "), HasSubstr("no such engine")));
}

TEST(RedisScripted, AnAnswerThatIsCutOffIsUnknownOrAskedForAgain) {
  for (const char* rest : {"", "$10\r\nabc", "not the protocol\r\n"}) {
    FakeRedis server(Turns{{std::nullopt, ":7\r\n"}});
    server.last_words(rest);
    ClientLoop loop(hasty(server.url()));
    ASSERT_TRUE(loop.start());
    EXPECT_THAT(text_of(loop.run({"INCR", "k"})), StartsWith("outcome_unknown: ")) << rest;
    EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "7") << rest;
  }
  EXPECT_EQ(answer_of({std::nullopt, std::nullopt, ":7\r\n"}, Command::of({"GET", "k"}).may_repeat()), "7");
}

// Perhaps executed the first time: a refusal of the second does not make it "surely not executed".
TEST(RedisScripted, ARefusalAfterALostAnswerStaysUnknown) {
  EXPECT_THAT(answer_of({std::nullopt, "-OOM x\r\n"}, Command::of({"SET", "k", "1"}).may_repeat()),
              StartsWith("outcome_unknown: "));
  EXPECT_THAT(answer_of({std::nullopt, "-LOADING x\r\n"}, Command::of({"SET", "k", "1"}).may_repeat()),
              StartsWith("outcome_unknown: "));
}

TEST(RedisScripted, AnAnswerThatNobodyAskedForEndsTheConnection) {
  FakeRedis server(Turns{{":1\r\n:2\r\n", ":3\r\n"}});
  ClientLoop loop(hasty(server.url()));
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "1");
  EXPECT_TRUE(loop.run_until([&] { return !loop.troubles.empty(); }));
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "3");
}

// An answer that comes after its deadline is not taken for that of another command.
TEST(RedisScripted, ALateAnswerIsDropped) {
  std::atomic<bool> late = false;
  FakeRedis server([&late](const FakeRedis::Words& words) -> Answered {
    if (words.front() != "SLOW") return ":2\r\n";
    for (int i = 0; i < 500 && !late; ++i) std::this_thread::sleep_for(10ms);
    return ":1\r\n";
  });
  ClientLoop loop(hasty(server.url()));
  ASSERT_TRUE(loop.start());
  EXPECT_THAT(text_of(loop.run("k", Command::of({"SLOW"}).within(100ms))), StartsWith("outcome_unknown: "));
  late = true;
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "2");
}

// Of a server that was reached and then says nothing nobody waits for ever.
TEST(RedisScripted, AServerThatDoesNotTellOfItselfIsGivenUp) {
  FakeRedis server(Turns{{":1\r\n"}});
  server.tells_of_itself = false;
  Options options = hasty(server.url());
  options.connect_timeout = 200ms;
  ClientLoop loop(std::move(options));
  const auto started = loop.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().failure, Failure::unavailable);
  EXPECT_THAT(started.error().detail, HasSubstr("no answer within 200 ms"));
}

TEST(RedisScripted, WhyNobodyIsLetInIsSaid) {
  for (const char* refusal : {"DENIED Redis is running in protected mode", "ERR max number of clients reached"}) {
    FakeRedis server(Turns{{":1\r\n"}});
    server.ping_answer = std::string("-") + refusal + "\r\n";
    ClientLoop loop(hasty(server.url()));
    const auto started = loop.start();
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().detail, HasSubstr(refusal));
  }
}

// Two nodes; every slot is the first's unless `moved`.
struct TwoNodes {
  std::string slots_answer() const {
    const auto port = std::to_string((all_at_second ? second : first)->port());
    return "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:" + port + "\r\n$2\r\nid\r\n";
  }
  TwoNodes() {
    const auto node = [this](Turns* turns) {
      auto made = std::make_unique<FakeRedis>([this, turns](const FakeRedis::Words& words) -> Answered {
        if (words.front() == "CLUSTER") return slots_answer();
        if (words.front() == "ASKING") return "+OK\r\n";
        return (*turns)(words);
      });
      made->cluster = true;
      return made;
    };
    first = node(&first_turns);
    second = node(&second_turns);
  }
  std::string to_second(const char* what, const char* key = "k") const {
    return std::string("-") + what + " " + std::to_string(slot_of(key)) +
           " 127.0.0.1:" + std::to_string(second->port()) + "\r\n";
  }
  Turns first_turns, second_turns;
  std::atomic<bool> all_at_second = false;
  std::unique_ptr<FakeRedis> first, second;
};

TEST(RedisScripted, FollowsWhatHasMoved) {
  TwoNodes nodes;
  nodes.first_turns.answers = {nodes.to_second("MOVED")};
  nodes.second_turns.answers = {":1\r\n", ":2\r\n"};
  ClientLoop loop(hasty(nodes.first->url()));
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(loop.client->kind(), Kind::cluster);
  nodes.all_at_second = true;
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "1");
  loop.run_for(200ms);  // the slots are asked for again
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "2");
  EXPECT_THAT(nodes.first->heard(), ElementsAre("INCR k"));
  EXPECT_THAT(nodes.second->heard(), ElementsAre("INCR k", "INCR k"));
}

// Also at a primary that is connected and admitted already: the slot had another one before.
TEST(RedisScripted, NoSlotIsUsedBeforeItIsAdmittedThere) {
  TwoNodes nodes;
  nodes.first_turns.answers = {nodes.to_second("MOVED", "a"), nodes.to_second("MOVED", "b")};
  nodes.second_turns.answers = {":1\r\n"};
  Options options = hasty(nodes.first->url());
  std::vector<std::string> admitted;  // in turn: the keys, of these two, that the second node is admitted for
  options.admit = [&](const std::shared_ptr<Primary>& primary, auto tell) {
    if (primary->address.port == nodes.second->port()) {
      EXPECT_EQ(std::ranges::count(nodes.second->heard(), "INCR b"), 0);
      admitted.push_back(std::string(primary->serves(slot_of("a")) ? "a" : "") +
                         (primary->serves(slot_of("b")) ? "b" : ""));
    }
    tell(Result<void>());
  };
  ClientLoop loop(std::move(options));
  ASSERT_TRUE(loop.start());
  nodes.all_at_second = true;
  EXPECT_EQ(text_of(loop.run({"INCR", "a"})), "1");
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(text_of(loop.run({"INCR", "b"})), "1");
    // Together if the slots were asked for again before the second node was there.
    EXPECT_THAT(admitted, AnyOf(ElementsAre("a", "b"), ElementsAre("ab")));
  }
}

TEST(RedisScripted, AsksOnceWhereItIsSentTo) {
  TwoNodes nodes;
  nodes.first_turns.answers = {nodes.to_second("ASK"), ":2\r\n"};
  nodes.second_turns.answers = {":1\r\n"};
  ClientLoop loop(hasty(nodes.first->url()));
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "1");
  EXPECT_EQ(text_of(loop.run({"INCR", "k"})), "2");
  EXPECT_THAT(nodes.second->heard(), ElementsAre("ASKING", "INCR k"));
}

TEST(RedisScripted, IsNotSentRoundForEver) {
  TwoNodes nodes;
  nodes.first_turns.answers = {nodes.to_second("MOVED")};
  nodes.second_turns.answers = {"-MOVED " + std::to_string(slot_of("k")) +
                                " 127.0.0.1:" + std::to_string(nodes.first->port()) + "\r\n"};
  ClientLoop loop(hasty(nodes.first->url()));
  ASSERT_TRUE(loop.start());
  EXPECT_THAT(text_of(loop.run({"INCR", "k"})), AllOf(StartsWith("unavailable: "), HasSubstr("MOVED")));
  EXPECT_LT(nodes.first->heard().size(), 30U);
}

}  // namespace
}  // namespace flashbid::redis
