#include "relay/amqp/amqp_sink.hpp"

#include <gmock/gmock.h>

#include "unit/relay/amqp_queue.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

class StoringInRabbitmq : public ::testing::Test {
 protected:
  void SetUp() override { add(script_.create()); }

  void add(const std::vector<Record>& records) {
    batch_.records.insert(batch_.records.end(), records.begin(), records.end());
  }
  void bid(int count) {
    for (int k = 0; k < count; ++k) add(script_.bid(k % 2 == 0 ? "Alice" : "Bob", amount_ += 100));
  }
  Result<Stored> store(std::uint64_t shard = 0) {
    ShardLease lease;
    lease.shard = shard;
    return sink_.store(lease, batch_);
  }
  // Tries it as a relay does.
  bool store_soon() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (std::chrono::steady_clock::now() < deadline) {
      if (store()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    return false;
  }

  AmqpQueue queue_;
  AmqpSink sink_{queue_.url(), queue_.sink_options()};
  AuctionScript script_{1};
  SourceBatch batch_;
  std::int64_t amount_ = 1'000;
};

TEST_F(StoringInRabbitmq, PutsAHundredEventsIntoAMessageForGood) {
  bid(249);
  const std::size_t events = batch_.records.size();
  ASSERT_GT(events, 200U);
  const auto stored = store(1);
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_TRUE(stored->refused.empty());
  EXPECT_EQ(queue_.length("flashbid.archive.0"), 0U);
  EXPECT_EQ(queue_.length("flashbid.archive.1"), (events + 99) / 100);
  std::vector<Record> found;
  for (const auto& got : queue_.peek(1, (events + 99) / 100)) {
    EXPECT_EQ(got.content_type, envelopes_type);
    auto opened = open_envelopes(got.body, got.secrets);
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(opened->origin, (Origin{"redis", amqp_shards, 1}));
    EXPECT_LE(opened->records.size(), 100U);
    EXPECT_EQ(got.id, "1-1-" + std::to_string(opened->records.front().sequence.value()));
    found.insert(found.end(), opened->records.begin(), opened->records.end());
  }
  ASSERT_EQ(found.size(), events);
  for (std::size_t k = 0; k < events; ++k) {
    EXPECT_EQ(*found[k].payload, *batch_.records[k].payload);
    EXPECT_EQ(found[k].secret, batch_.records[k].secret);
  }
}

TEST_F(StoringInRabbitmq, NewQueuesGetAMomentToReachTheDisk) {
  AmqpSinkOptions options = queue_.sink_options();
  options.new_queues = Duration{500};
  AmqpSink sink(queue_.url(), options);
  const auto before = std::chrono::steady_clock::now();
  const auto first = sink.store(ShardLease{}, batch_);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().failure, Failure::unavailable);
  EXPECT_THAT(first.error().detail, HasSubstr("its queues are new"));
  while (!sink.store(ShardLease{}, batch_)) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{500});
  AmqpSink other(queue_.url(), options);
  EXPECT_TRUE(other.store(ShardLease{}, batch_)) << "they are not new any more";
}

TEST_F(StoringInRabbitmq, WhatThePublicMayNotSeeStaysUnlessAskedFor) {
  AmqpSinkOptions options = queue_.sink_options();
  options.secrets = false;
  AmqpSink sink(queue_.url(), options);
  ASSERT_TRUE(sink.store(ShardLease{}, batch_));
  const auto got = queue_.peek(0, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_FALSE(got.front().secrets);
}

TEST_F(StoringInRabbitmq, WhatNoQueueWouldGetIsNotStored) {
  ASSERT_TRUE(store());
  queue_.remove("flashbid.archive.0");
  const auto stored = store();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().failure, Failure::unavailable);
  EXPECT_THAT(stored.error().detail, HasSubstr("no queue for a message with key shard.0"));
  EXPECT_TRUE(store()) << "the queue is declared again";
  EXPECT_EQ(queue_.length("flashbid.archive.0"), 1U);
}

TEST_F(StoringInRabbitmq, AnAlarmIsNamedAndWaitedFor) {
  ASSERT_TRUE(store());
  RabbitmqServer::shared().raise_alarm();
  const auto told = [&] {
    const auto stored = store();
    return stored ? "stored" : stored.error().detail;
  };
  EXPECT_THAT(told(), HasSubstr("because of an alarm (low on memory)"));
  EXPECT_THAT(told(), HasSubstr("because of an alarm (low on memory)"));
  AmqpSink other(queue_.url(), queue_.sink_options());
  EXPECT_FALSE(other.store(ShardLease{}, batch_)) << "a connection that is made under the alarm";
  RabbitmqServer::shared().end_alarm();
  EXPECT_TRUE(store_soon());
}

TEST_F(StoringInRabbitmq, AQueueThatIsOtherwiseIsSaid) {
  ASSERT_TRUE(store());
  queue_.remove("flashbid.archive.1");
  {
    auto connection = amqp::Connection::open(queue_.url(), std::chrono::seconds{10});
    ASSERT_TRUE(connection && (*connection)->open_channel(1));
    amqp_queue_declare((*connection)->state(), 1, amqp::bytes_of("flashbid.archive.1"), 0, 1, 0, 0, amqp_empty_table);
    ASSERT_TRUE((*connection)->check_last("declaring a classic queue"));
  }
  AmqpSink other(queue_.url(), queue_.sink_options());
  const auto stored = other.store(ShardLease{}, batch_);
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().detail, HasSubstr("declaring queue flashbid.archive.1: PRECONDITION_FAILED"));
}

TEST_F(StoringInRabbitmq, ABrokerThatWasKilledHasWhatItConfirmed) {
  ASSERT_TRUE(store());
  RabbitmqServer::shared().kill();
  const auto stored = store();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().failure, Failure::unavailable);
  RabbitmqServer::shared().start();
  EXPECT_TRUE(store_soon());
  EXPECT_EQ(queue_.peek(0, 2).size(), 2U);
}

TEST_F(StoringInRabbitmq, AWrongPasswordIsSaid) {
  AmqpUrl url = queue_.url();
  url.password = "wrong";
  AmqpSink sink(url, queue_.sink_options());
  const auto stored = sink.store(ShardLease{}, batch_);
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().detail, HasSubstr("logging in: ACCESS_REFUSED"));
}

}  // namespace
}  // namespace flashbid::testing
