#include "relay/kafka/kafka_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/envelope.hpp"
#include "unit/relay/kafka_topic.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Stored> try_to_store(Sink& sink, const SourceBatch& batch) {
  return sink.store({.shard = 1, .token = 1, .position = {}}, batch);
}

TEST(WritingToKafka, AnEventIsAMessageOfItsAuctionInThePartitionOfItsShard) {
  const KafkaTopic topic;
  SourceBatch batch = events_of(7, 1, 2);
  batch.records.push_back(event_of(9, 1, R"({"reserve":500})"));
  KafkaTopic::store(*topic.sink(), batch);
  auto messages = topic.raw("bids", 1, 3);
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0].key, "7");
  EXPECT_EQ(messages[2].key, "9");
  for (std::size_t k = 0; k < messages.size(); ++k) {
    EXPECT_EQ(messages[k].headers["content-type"], envelope_type);
    const auto opened = open_envelopes(messages[k].value, messages[k].headers["flashbid-secrets"]);
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(opened->origin, (Origin{"redis", 2, 1}));
    ASSERT_EQ(opened->records.size(), 1U);
    EXPECT_EQ(*opened->records[0].payload, *batch.records[k].payload);
    EXPECT_EQ(opened->records[0].secret, batch.records[k].secret);
  }
}

TEST(WritingToKafka, WhatThePublicMayNotSeeGoesAlongOnlyIfWanted) {
  const KafkaTopic topic;
  auto sink = KafkaSink::open(topic.url(), {}, {.ledger = "redis", .shards = 2});
  ASSERT_TRUE(sink);
  SourceBatch batch;
  batch.records.push_back(event_of(9, 1, R"({"reserve":500})"));
  KafkaTopic::store(**sink, batch);
  auto messages = topic.raw("bids", 1, 1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].headers["flashbid-secrets"], "");
  EXPECT_EQ(messages[0].value.find("reserve"), std::string::npos);
}

TEST(WritingToKafka, ATopicWithFewerPartitionsThanShardsIsRefused) {
  const KafkaTopic topic;
  auto sink = KafkaSink::open(topic.url(), {}, {.ledger = "redis", .shards = 16});
  ASSERT_TRUE(sink);
  for (const auto& error : {(*sink)->prepare().error(), try_to_store(**sink, events_of(1, 1, 1)).error()}) {
    EXPECT_EQ(error.failure, Failure::invalid);
    EXPECT_THAT(error.detail, HasSubstr("topic bids has 2 partitions, and the ledger 16 shards"));
  }
}

// The tests' brokers cannot be asked to make one: that it is made is known of real ones only.
TEST(WritingToKafka, ATopicThatCannotBeMadeIsToldOf) {
  KafkaTopic topic;
  topic.cluster.hide("others", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto sink = KafkaSink::open(topic.url("others"), {}, {.ledger = "redis", .shards = 3, .timeout = {2'000}});
  ASSERT_TRUE(sink);
  const auto prepared = (*sink)->prepare();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().failure, Failure::unavailable);
  EXPECT_THAT(prepared.error().detail, HasSubstr("there is no topic others, and it cannot be made"));
  EXPECT_THAT(prepared.error().detail, HasSubstr("with 3 partitions"));
}

TEST(WritingToKafka, AnErrorThatPassesIsNoFailure) {
  KafkaTopic topic;
  const auto sink = topic.sink();
  ASSERT_TRUE(sink->prepare());
  topic.cluster.fail(produce_request, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 2);
  KafkaTopic::store(*sink, events_of(1, 1, 20));
  const auto source = topic.source();
  EXPECT_EQ(sequences(KafkaTopic::read(*source)).size(), 20U);
}

// The messages arrive, and nobody hears of it.
TEST(WritingToKafka, WhatWasNotConfirmedIsWrittenAgainInOrder) {
  KafkaTopic topic;
  const auto sink = topic.sink({2'500});
  ASSERT_TRUE(sink->prepare());
  KafkaTopic::store(*sink, events_of(1, 1, 1));
  topic.cluster.delay(1, 4'000);
  const auto stored = try_to_store(*sink, events_of(1, 2, 4));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().failure, Failure::outcome_unknown);
  std::this_thread::sleep_for(std::chrono::seconds{2});  // until they are there
  topic.cluster.delay(1, 0);
  KafkaTopic::wait_for([&] { return try_to_store(*sink, events_of(1, 2, 4)).has_value(); });
  std::vector<std::uint64_t> written;
  for (const Raw& message : topic.raw("bids", 1, 7)) {
    const auto opened = open_envelopes(message.value, std::nullopt);
    ASSERT_TRUE(opened);
    written.push_back(opened->records[0].sequence.value());
  }
  EXPECT_THAT(written, ElementsAre(1, 2, 3, 4, 2, 3, 4));
}

TEST(WritingToKafka, AProducerThatTheServersRefuseForGoodIsMadeAnew) {
  KafkaTopic topic;
  const auto sink = topic.sink();
  KafkaTopic::store(*sink, events_of(1, 1, 1));
  topic.cluster.fail(produce_request, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
  const auto stored = try_to_store(*sink, events_of(1, 2, 4));
  ASSERT_FALSE(stored);
  KafkaTopic::store(*sink, events_of(1, 2, 4));
  const auto source = topic.source();
  EXPECT_THAT(sequences(KafkaTopic::read(*source)), ::testing::Contains(4));
}

TEST(WritingToKafka, ServersThatAreDownAreUnavailableAndFoundAgain) {
  KafkaTopic topic;
  const auto sink = topic.sink({2'500});
  ASSERT_TRUE(sink->prepare());
  KafkaTopic::store(*sink, events_of(1, 1, 1));
  topic.cluster.down(-1);
  const auto stored = try_to_store(*sink, events_of(1, 2, 2));
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().detail, HasSubstr("Kafka at 127.0.0.1"));
  topic.cluster.up(-1);
  KafkaTopic::wait_for([&] { return try_to_store(*sink, events_of(1, 2, 2)).has_value(); });
}

TEST(WritingToKafka, AnotherLeaderIsFound) {
  KafkaTopic topic(3);
  const auto sink = topic.sink();
  const auto source = topic.source();
  for (std::uint64_t turn = 1; turn <= 6; ++turn) {
    ASSERT_TRUE(topic.cluster.lead("bids", 1, static_cast<int>(turn % 3) + 1));
    KafkaTopic::store(*sink, events_of(1, turn, turn));
    EXPECT_THAT(sequences(KafkaTopic::read(*source)), ElementsAre(turn));
  }
}

}  // namespace
}  // namespace flashbid::testing
