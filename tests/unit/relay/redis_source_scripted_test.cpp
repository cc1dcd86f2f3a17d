// What lies between a read and the look behind it, by a server that says what a test wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "redis/url.hpp"
#include "relay/redis_ledger.hpp"
#include "relay/redis_source.hpp"
#include "support/fake_redis.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
std::string number(int value) { return ":" + std::to_string(value) + "\r\n"; }
std::string list(const std::vector<std::string>& elements) {
  std::string text = "*" + std::to_string(elements.size()) + "\r\n";
  for (const std::string& each : elements) text += each;
  return text;
}

// One stream with one event of one auction. FakeRedis' run id is `fake`.
class ReadingAScriptedShard : public ::testing::Test {
 protected:
  std::optional<std::string> answer(const FakeRedis::Words& words) {
    if (words.front() == "XRANGE") {
      const std::string payload = R"({"auction_id":7,"epoch":)" + entry_epoch +
                                  R"(,"sequence":1,"event":"opened","at":"2026-01-31T08:00:00.000Z"})";
      return list({list({bulk("5-1"), list({bulk("a"), bulk("7"), bulk("e"), bulk(entry_epoch), bulk("s"), bulk("1"),
                                            bulk("p"), bulk(payload), bulk("x"), bulk("")})})});
    }
    if (words.front() != "EVAL_RO") return "+OK\r\n";
    // The first one is before there is anything to read on from.
    const std::string run_id = ++looks == 1 ? "fake" : run_id_at_look;
    return list({bulk("run_id:" + run_id + "\r\n"), list({bulk("1"), bulk(run_id), bulk("1")}),
                 list({bulk("length"), number(1), bulk("entries-added"), number(1)}),
                 list({list({bulk("name"), bulk("archive"), bulk("pending"), number(0), bulk("last-delivered-id"),
                             bulk("0-0"), bulk("entries-read"), number(0), bulk("lag"), number(1)})})});
  }
  Result<SourceBatch> read() {
    RedisSource source(std::make_shared<RedisLedger>(redis::parse_url(server.url()).value(), ""), 0, {});
    EXPECT_TRUE(source.begin({}));
    return source.read(10);
  }

  std::string run_id_at_look = "fake", entry_epoch = "1";
  int looks = 0;
  FakeRedis server{[this](const FakeRedis::Words& words) { return answer(words); }};
};

TEST_F(ReadingAScriptedShard, OfOneServerIsRead) {
  const auto batch = read();
  ASSERT_TRUE(batch) << batch.error().detail;
  ASSERT_EQ(batch->records.size(), 1U);
  EXPECT_EQ(batch->position, "5-1");
}

TEST_F(ReadingAScriptedShard, WhatOneServerHadIsNotTakenForAnothers) {
  run_id_at_look = "another";
  const auto batch = read();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().failure, Failure::unavailable);
  EXPECT_THAT(batch.error().detail, HasSubstr("another primary"));
}

TEST_F(ReadingAScriptedShard, AReadThatCameAfterItsLookIsDoneAgain) {
  entry_epoch = "2";
  const auto batch = read();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().failure, Failure::unavailable);
  EXPECT_THAT(batch.error().detail, HasSubstr("new epoch"));
}

}  // namespace
}  // namespace flashbid::testing
