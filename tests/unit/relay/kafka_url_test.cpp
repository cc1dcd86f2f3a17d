#include "relay/kafka/kafka_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/kafka/kafka_broker.hpp"
#include "relay/kafka/kafka_sink.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

TEST(KafkaUrl, NamesServersAndATopic) {
  const auto plain = parse_kafka_url("kafka://one");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->servers, "one:9092");
  EXPECT_EQ(plain->topic, "flashbid.events");
  const auto many = parse_kafka_url("kafka://one:19092,[::1]:2,10.0.0.3/bids_of-2026.x");
  ASSERT_TRUE(many) << many.error().detail;
  EXPECT_EQ(many->servers, "one:19092,[::1]:2,10.0.0.3:9092");
  EXPECT_EQ(many->topic, "bids_of-2026.x");
  EXPECT_EQ(parse_kafka_url("kafka://one/")->topic, "flashbid.events");
}

TEST(KafkaUrl, SaysWhatIsWrong) {
  for (const char* url : {"amqp://one", "kafka://", "kafka:///topic", "kafka://one:0", "kafka://one:x",
                          "kafka://one:65536", "kafka://one,,two", "kafka://::1", "kafka://[::1", "kafka://[]:1",
                          "kafka://one/a/b", "kafka://one/a b", "kafka://one/..", "kafka://one?x=1"}) {
    const auto parsed = parse_kafka_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().failure, Failure::invalid);
    EXPECT_THAT(parsed.error().detail, HasSubstr("kafka://host")) << url;
  }
  const auto login = parse_kafka_url("kafka://me:hidden@one");
  ASSERT_FALSE(login);
  EXPECT_THAT(login.error().detail, HasSubstr("sasl.username"));
  EXPECT_THAT(login.error().detail, ::testing::Not(HasSubstr("hidden")));
}

TEST(KafkaSettings, WhatThePromisesRestOnCannotBeChosen) {
  const KafkaUrl url{"127.0.0.1:1", "bids"};
  for (const char* name : {"acks", "request.required.acks", "enable.idempotence", "enable.auto.commit",
                           "auto.commit.enable", "auto.offset.reset", "transactional.id", "bootstrap.servers"}) {
    const auto sink = KafkaSink::open(url, {{name, "1"}}, {});
    ASSERT_FALSE(sink) << name;
    EXPECT_EQ(sink.error().failure, Failure::invalid);
    EXPECT_THAT(sink.error().detail, HasSubstr(name));
    EXPECT_FALSE(KafkaBroker::open(url, {{name, "1"}})) << name;
  }
}

TEST(KafkaSettings, LibrdkafkaSaysWhatIsWrongWithTheOthers) {
  const KafkaUrl url{"127.0.0.1:1", "bids"};
  const auto unknown = KafkaSink::open(url, {{"no.such.thing", "1"}}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().failure, Failure::invalid);
  EXPECT_THAT(unknown.error().detail, HasSubstr("no.such.thing"));
  const auto file = KafkaBroker::open(url, {{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere/ca.pem"}});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().failure, Failure::invalid);
  EXPECT_THAT(file.error().detail, HasSubstr("ssl.ca.location"));
  // Against the idempotence that is ours.
  EXPECT_FALSE(KafkaSink::open(url, {{"max.in.flight.requests.per.connection", "100"}}, {}));
  EXPECT_TRUE(KafkaSink::open(url,
                              {{"security.protocol", "sasl_plaintext"},
                               {"sasl.mechanisms", "SCRAM-SHA-256"},
                               {"sasl.username", "u"},
                               {"sasl.password", "p"}},
                              {}));
}

}  // namespace
}  // namespace flashbid::testing
