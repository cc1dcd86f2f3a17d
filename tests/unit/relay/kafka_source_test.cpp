#include "relay/kafka/kafka_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "relay/envelope.hpp"
#include "unit/relay/kafka_topic.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadingFromKafka : public ::testing::Test {
 protected:
  void write(std::uint64_t first, std::uint64_t last) { KafkaTopic::store(*sink_, events_of(1, first, last)); }
  void write_raw(const std::string& value, std::span<const Record> records = {}) {
    auto producer = kafka::Producer::open(topic_.url(), {});
    ASSERT_TRUE(producer);
    const kafka::Message message{.partition = 1,
                                 .key = "1",
                                 .value = value,
                                 .headers = {{"trace", "abc"}, {std::string(secrets_header), encode_secrets(records)}}};
    ASSERT_TRUE(producer->send("bids", std::span(&message, 1), {10'000}));
  }

  KafkaTopic topic_;
  std::unique_ptr<KafkaSink> sink_ = topic_.sink();
};

TEST_F(ReadingFromKafka, GivesEachShardItsEventsInOrder) {
  const auto broker = topic_.broker();
  ASSERT_EQ(broker->count_shards().value_or(0), 2U);
  SourceBatch written = events_of(1, 1, 3);
  written.records[1].secret = R"({"key":"k"})";
  KafkaTopic::store(*sink_, written);
  const auto source = broker->source(1);
  const auto other = broker->source(0);
  ASSERT_TRUE(source && other && (*source)->begin("17-3") && (*other)->begin({}));
  const auto waiting = (*source)->waiting();
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->events, 3U);
  const SourceBatch batch = KafkaTopic::read(**source);
  EXPECT_TRUE(batch.queued);
  EXPECT_EQ(batch.ledger, "redis");
  EXPECT_EQ(batch.behind, 0U);
  ASSERT_EQ(sequences(batch), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(*batch.records[1].payload, *written.records[1].payload);
  EXPECT_EQ(batch.records[1].secret, written.records[1].secret);
  EXPECT_TRUE((*other)->read(10)->records.empty());
  EXPECT_EQ((*source)->waiting()->events, 0U);
}

TEST_F(ReadingFromKafka, APositionPassesEventsOnlyOnceTheyAreStored) {
  write(1, 5);
  const auto source = topic_.source();
  EXPECT_EQ(source->read(2)->position, "");  // nothing has come yet
  const SourceBatch first = KafkaTopic::read(*source, 2);
  EXPECT_THAT(sequences(first), ElementsAre(1, 2));
  EXPECT_EQ(first.position, "kafka:0");
  const SourceBatch second = KafkaTopic::read(*source, 2);
  EXPECT_THAT(sequences(second), ElementsAre(3, 4));
  EXPECT_EQ(second.position, "kafka:2");
  EXPECT_EQ(KafkaTopic::read(*source, 2).position, "kafka:4");
  const auto end = source->read(2);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->records.empty());
  EXPECT_EQ(end->position, "kafka:5");
}

TEST_F(ReadingFromKafka, AnotherGoesOnWhereOneWasStored) {
  write(1, 6);
  std::string position;
  {
    const auto source = topic_.source();
    KafkaTopic::read(*source, 3);
    position = KafkaTopic::read(*source, 3).position;
  }
  const auto next = topic_.source(position);
  EXPECT_THAT(sequences(KafkaTopic::read(*next)), ElementsAre(4, 5, 6));
  // The same handle reads a shard again that it has given back.
  const auto broker = topic_.broker();
  for (int turn = 0; turn < 2; ++turn) {
    const auto source = broker->source(1);
    ASSERT_TRUE(source && (*source)->begin("kafka:4"));
    EXPECT_THAT(sequences(KafkaTopic::read(**source)), ElementsAre(5, 6));
  }
}

TEST_F(ReadingFromKafka, WhatIsNoEventOfTheShardGoesToTheDeadLettersWithTheReason) {
  write(1, 1);
  write_raw("{\"no\":\"event\"}");
  const Record event = event_of(1, 7);
  std::string foreign;
  encode_envelope({"redis", 2, 0}, event, foreign);
  write_raw(foreign, std::span(&event, 1));
  write_raw("");
  std::string too_many;
  encode_envelope({"redis", 64, 1}, event, too_many);
  write_raw(too_many, std::span(&event, 1));
  write(2, 2);
  const auto source = topic_.source();
  std::vector<std::uint64_t> read;
  while (read.size() < 2) std::ranges::copy(sequences(KafkaTopic::read(*source)), std::back_inserter(read));
  EXPECT_THAT(read, ElementsAre(1, 2));
  auto dead = topic_.raw("bids.dead", 1, 4);
  ASSERT_EQ(dead.size(), 4U);
  EXPECT_EQ(dead[0].value, "{\"no\":\"event\"}");
  EXPECT_EQ(dead[0].key, "1");
  EXPECT_EQ(dead[0].headers["trace"], "abc");
  EXPECT_NE(dead[0].headers["flashbid-reason"], "");
  EXPECT_THAT(dead[1].headers["flashbid-reason"], HasSubstr("shard 0 of 2"));
  EXPECT_THAT(dead[3].headers["flashbid-reason"], HasSubstr("shard 1 of 64"));
}

TEST_F(ReadingFromKafka, AnArrayIsReadInParts) {
  const std::vector<Record> records = events_of(1, 1, 5).records;
  write_raw(encode_envelopes({"redis", 2, 1}, records), records);
  const auto source = topic_.source();
  EXPECT_THAT(sequences(KafkaTopic::read(*source, 2)), ElementsAre(1, 2));
  const SourceBatch second = KafkaTopic::read(*source, 2);
  EXPECT_THAT(sequences(second), ElementsAre(3, 4));
  EXPECT_EQ(second.position, "kafka:0");
  EXPECT_THAT(sequences(KafkaTopic::read(*source, 2)), ElementsAre(5));
  EXPECT_EQ(source->read(2)->position, "kafka:1");
}

TEST_F(ReadingFromKafka, EarlyEventsAreKeptAndComeAgainAndNoPositionPassesThem) {
  write(1, 1);
  write(3, 4);
  const auto source = topic_.source();
  ASSERT_THAT(sequences(KafkaTopic::read(*source)), ElementsAre(1, 3, 4));
  ASSERT_EQ(source->refused(std::vector<Refusal>{{1, true, "2 is missing"}, {2, true, "2 is missing"}}).value_or(9),
            0U);
  const SourceBatch again = KafkaTopic::read(*source);  // at once: what they miss may just have been stored
  EXPECT_THAT(sequences(again), ElementsAre(3, 4));
  EXPECT_EQ(again.position, "kafka:1");
  ASSERT_TRUE(source->refused(std::vector<Refusal>{{0, true, "2 is missing"}, {1, true, "2 is missing"}}));
  write(2, 2);
  std::vector<std::uint64_t> read;
  while (std::ranges::find(read, 2U) == read.end()) {
    const SourceBatch batch = KafkaTopic::read(*source);
    EXPECT_EQ(batch.position, "kafka:1");
    read = sequences(batch);
    std::vector<Refusal> early;
    for (std::size_t k = 0; k < read.size(); ++k) {
      if (read[k] != 2) early.push_back({k, true, "2 is missing"});
    }
    ASSERT_TRUE(source->refused(early));
  }
  EXPECT_THAT(sequences(KafkaTopic::read(*source)), ElementsAre(3, 4));
  EXPECT_EQ(source->read(10)->position, "kafka:4");
}

TEST_F(ReadingFromKafka, WhatIsRefusedOrWaitedForTooLongIsDeadAndPassed) {
  write(1, 3);
  const auto source = topic_.source({}, {.patience = {4'000}});
  KafkaTopic::read(*source);
  ASSERT_EQ(source->refused(std::vector<Refusal>{{0, false, "it contradicts"}, {2, true, "2 is missing"}}).value_or(9),
            1U);
  ASSERT_THAT(sequences(KafkaTopic::read(*source)), ElementsAre(3));
  ASSERT_EQ(source->refused(std::vector<Refusal>{{0, true, "2 is missing"}}).value_or(9), 0U);
  ASSERT_THAT(sequences(KafkaTopic::read(*source)), ElementsAre(3));
  std::this_thread::sleep_for(std::chrono::milliseconds{4'100});
  ASSERT_EQ(source->refused(std::vector<Refusal>{{0, true, "2 is missing"}}).value_or(9), 1U);
  EXPECT_EQ(source->read(10)->position, "kafka:3");
  auto dead = topic_.raw("bids.dead", 1, 2);
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].headers["flashbid-reason"], "it contradicts");
  EXPECT_EQ(dead[1].headers["flashbid-reason"], "2 is missing");
  EXPECT_TRUE(open_envelopes(dead[1].value, std::nullopt));
}

TEST_F(ReadingFromKafka, OnlySoManyEarlyOnesAreKept) {
  write(2, 5);
  const auto source = topic_.source({}, {.most_early = 3});
  KafkaTopic::read(*source);
  std::vector<Refusal> all;
  all.reserve(4);
  for (std::size_t k = 0; k < 4; ++k) all.push_back({k, true, "1 is missing"});
  EXPECT_EQ(source->refused(all).value_or(9), 1U);
}

TEST_F(ReadingFromKafka, NothingIsPassedBeforeItsDeadLetterIsWritten) {
  write(1, 2);
  const auto source = topic_.source({}, {.timeout = {1'500}});
  KafkaTopic::read(*source);
  topic_.cluster.down(-1);
  const std::vector<Refusal> refusals{{0, false, "it contradicts"}};
  EXPECT_FALSE(source->refused(refusals));
  topic_.cluster.up(-1);
  KafkaTopic::wait_for([&] { return source->refused(refusals).has_value(); });
  auto dead = topic_.raw("bids.dead", 1, 1);
  ASSERT_FALSE(dead.empty());
  EXPECT_EQ(dead[0].headers["flashbid-reason"], "it contradicts");
}

TEST_F(ReadingFromKafka, EventsThatKafkaNoLongerKeepsAreAnAlarm) {
  write(1, 1);
  const std::string large(500'000, ' ');
  for (int k = 0; k < 14; ++k) write_raw(large);
  const auto broker = topic_.broker();
  const auto extent = broker->extent(1);
  ASSERT_TRUE(extent);
  ASSERT_GT(extent->low, 2);
  for (const auto& [position, words] : std::vector<std::pair<std::string, std::string>>{
           {"kafka:1", fmt::format("{} messages that nobody has stored, from offset 1 on", extent->low - 1)},
           {"kafka:900", "before 900"}}) {
    const auto source = broker->source(1);
    ASSERT_TRUE(source && (*source)->begin(position));
    Result<SourceBatch> batch;
    KafkaTopic::wait_for([&] {
      batch = (*source)->read(10);
      return !batch;
    });
    EXPECT_EQ(batch.error().failure, Failure::corrupt);
    EXPECT_THAT(batch.error().detail, HasSubstr(words));
  }
}

TEST_F(ReadingFromKafka, ServersThatAreDownAreUnavailableAndReadOnWhenTheyAreBack) {
  write(1, 2);
  const auto source = topic_.source();
  KafkaTopic::read(*source);
  topic_.cluster.down(-1);
  Result<SourceBatch> batch;
  KafkaTopic::wait_for([&] {
    batch = source->read(10);
    return !batch;
  });
  EXPECT_EQ(batch.error().failure, Failure::unavailable);
  topic_.cluster.up(-1);
  topic_.cluster.fail(fetch_request, RD_KAFKA_RESP_ERR__TRANSPORT, 2);
  sink_ = topic_.sink();
  write(3, 3);
  std::vector<std::uint64_t> read;
  KafkaTopic::wait_for([&] {
    if (const auto some = source->read(10); some) std::ranges::copy(sequences(*some), std::back_inserter(read));
    return !read.empty();
  });
  EXPECT_THAT(read, ElementsAre(3));
}

TEST(ReadingFromManyServers, OneThatIsDownIsTheTroubleOfItsShardAlone) {
  KafkaTopic topic(2);
  ASSERT_TRUE(topic.cluster.lead("bids", 0, 1) && topic.cluster.lead("bids", 1, 2));
  const auto broker = topic.broker();
  ASSERT_TRUE(broker->count_shards());
  const auto well = broker->source(0);
  const auto troubled = broker->source(1);
  ASSERT_TRUE(well && troubled && (*well)->begin({}) && (*troubled)->begin({}));
  ASSERT_TRUE((*well)->read(10) && (*troubled)->read(10));
  KafkaTopic::store(*topic.sink(), events_of(1, 1, 1));
  KafkaTopic::read(**troubled);
  topic.cluster.down(2);
  KafkaTopic::wait_for([&] { return !(*troubled)->read(10); });
  for (int turn = 0; turn < 5; ++turn) {
    KafkaTopic::wait_for([&] { return (*well)->read(10).has_value(); });
    KafkaTopic::wait_for([&] { return !(*troubled)->read(10).has_value(); });
  }
  topic.cluster.up(2);
  KafkaTopic::wait_for([&] { return (*troubled)->read(10).has_value(); });
}

TEST_F(ReadingFromKafka, ATopicThatIsNotThereYetIsWaitedFor) {
  topic_.cluster.hide("later", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto broker = KafkaBroker::open(topic_.url("later"), {});
  ASSERT_TRUE(broker);
  const auto counted = (*broker)->count_shards();
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().failure, Failure::unavailable);
  EXPECT_THAT(counted.error().detail, HasSubstr("no topic later yet"));
  topic_.cluster.hide("later", 0);
  EXPECT_TRUE((*broker)->count_shards());
}

}  // namespace
}  // namespace flashbid::testing
