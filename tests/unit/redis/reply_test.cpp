#include "redis/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/command.hpp"
#include "redis/refusal.hpp"

namespace flashbid::redis {
namespace {

using ::testing::HasSubstr;

std::string shown(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::nil:
      return "nil";
    case Reply::Kind::integer:
      return std::to_string(reply.integer());
    case Reply::Kind::text:
      return "'" + std::string(reply.text()) + "'";
    case Reply::Kind::status:
      return "+" + std::string(reply.text());
    case Reply::Kind::error:
      return "-" + std::string(reply.text());
    case Reply::Kind::array:
      break;
  }
  std::string text = "[";
  for (const Reply& element : reply.elements()) text += shown(element) + " ";
  return text + "]";
}

// Everything that comes out of the pieces; "!" at the end if it broke.
std::string read_all(const std::vector<std::string_view>& pieces) {
  ReplyReader reader;
  std::string text;
  for (const std::string_view piece : pieces) {
    reader.feed(piece);
    for (;;) {
      auto reply = reader.next();
      if (!reply) return text + "!";
      if (!*reply) break;
      text += shown(**reply) + ";";
    }
  }
  return text;
}

constexpr std::string_view every_kind =
    "+OK\r\n-ERR no\r\n:-42\r\n$5\r\nab\r\nc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
    "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n*1\r\n-E in\r\n$-1\r\n";
constexpr std::string_view every_kind_shown = "+OK;-ERR no;-42;'ab\r\nc';'';nil;nil;[];[1 ['x' [-E in ] ] nil ];";

TEST(RedisReply, IsTheSameHoweverItsBytesArrive) {
  EXPECT_EQ(read_all({every_kind}), every_kind_shown);
  for (std::size_t first = 0; first <= every_kind.size(); ++first) {
    EXPECT_EQ(read_all({every_kind.substr(0, first), every_kind.substr(first)}), every_kind_shown) << first;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < every_kind.size(); ++i) bytes.push_back(every_kind.substr(i, 1));
  EXPECT_EQ(read_all(bytes), every_kind_shown);
}

TEST(RedisReply, GarbageIsAnErrorForGood) {
  for (const char* garbage : {"HTTP/1.1 400\r\n", "$x\r\n", ":1x\r\n", "*-5\r\n", "*99999999999\r\n", "$-7\r\n", "\r\n",
                              "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    EXPECT_EQ(read_all({"+OK\r\n", garbage}), "+OK;!") << garbage;
  }
  ReplyReader reader;
  reader.feed("nonsense\r\n");
  EXPECT_FALSE(reader.next());
  reader.feed("+OK\r\n");
  EXPECT_FALSE(reader.next());
}

TEST(RedisReply, NeverHoldsMoreElementsThanItsLimit) {
  ReplyReader reader;
  reader.feed("*1000001\r\n");
  auto reply = reader.next();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr("elements"));
  // The limit is one reply's, also when nested, and not the connection's.
  EXPECT_EQ(read_all({"*2\r\n*600000\r\n"}), "");
  std::string nested = "*2\r\n*600000\r\n";
  for (int i = 0; i < 600'000; ++i) nested += ":1\r\n";
  EXPECT_EQ(read_all({nested, "*600000\r\n"}), "!");
}

TEST(RedisReply, AnErrorHasACode) {
  const Reply error = Reply::of_text("EPOCH 7", Reply::Kind::error);
  EXPECT_EQ(error.error_code(), "EPOCH");
  EXPECT_EQ(error.error_detail(), "7");
  EXPECT_EQ(Reply::of_text("NOSHARD", Reply::Kind::error).error_code(), "NOSHARD");
  EXPECT_EQ(Reply::of_text("NOSHARD", Reply::Kind::error).error_detail(), "");
  EXPECT_EQ(Reply::of_text("OK").error_code(), "");
}

TEST(RedisCommand, IsAnArrayOfItsWords) {
  EXPECT_EQ(Command::of({"SET", "a\r\n", ""}).bytes, "*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n");
  CommandBuilder builder(4);
  builder.add("X").add(-5).add(18'446'744'073'709'551'615U).add(std::uint8_t{7});
  EXPECT_EQ(builder.take().bytes, "*4\r\n$1\r\nX\r\n$2\r\n-5\r\n$20\r\n18446744073709551615\r\n$1\r\n7\r\n");
  EXPECT_TRUE(Command::of({"GET", "a"}).may_repeat().repeatable);
}

Refusal refusal(const char* text) { return refusal_of(Reply::of_text(text, Reply::Kind::error), Address{"here", 1}); }

TEST(RedisRefusal, OnlyWhatWasSurelyNotExecutedIsOne) {
  using Meaning = Refusal::Meaning;
  EXPECT_EQ(refusal("MOVED 3999 10.0.0.1:6381").meaning, Meaning::moved);
  EXPECT_EQ(refusal("MOVED 3999 10.0.0.1:6381").slot, 3'999U);
  EXPECT_EQ(refusal("MOVED 3999 10.0.0.1:6381").address, (Address{"10.0.0.1", 6381}));
  EXPECT_EQ(refusal("ASK 5 ::1:6381").address, (Address{"::1", 6381}));
  EXPECT_EQ(refusal("MOVED 5 :6381").address, (Address{"here", 6381}));
  EXPECT_EQ(refusal("MOVED 5 ?:6381").address, (Address{"here", 6381}));
  for (const char* broken : {"MOVED", "MOVED 5", "MOVED x 1:1", "MOVED 16384 h:1", "MOVED 5 h:0", "MOVED 5 h:99999"}) {
    EXPECT_EQ(refusal(broken).meaning, Meaning::later) << broken;
  }
  for (const char* later : {"TRYAGAIN Multiple keys", "LOADING Redis is loading", "BUSY Redis is busy"}) {
    EXPECT_EQ(refusal(later).meaning, Meaning::later) << later;
  }
  for (const char* other : {"CLUSTERDOWN Hash slot not served", "MASTERDOWN Link", "READONLY You can't write"}) {
    EXPECT_EQ(refusal(other).meaning, Meaning::elsewhere) << other;
  }
  for (const char* hopeless : {"OOM command", "MISCONF Redis", "NOAUTH Authentication", "NOPERM this user"}) {
    EXPECT_EQ(refusal(hopeless).meaning, Meaning::hopeless) << hopeless;
  }
  EXPECT_EQ(refusal("ERR Function not found").meaning, Meaning::no_function);
  for (const char* own : {"ERR unknown command", "WRONGTYPE x", "NOSHARD", "EPOCH 3", "BUSYKEY x", "",
                          "OOM command not allowed script: f, on @user_function:3."}) {
    EXPECT_EQ(refusal(own).meaning, Meaning::none) << own;
  }
  EXPECT_EQ(refusal_of(Reply::of_text("MOVED 1 h:1"), {}).meaning, Meaning::none) << "a text is no error";
}

}  // namespace
}  // namespace flashbid::redis
