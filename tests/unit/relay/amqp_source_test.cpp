#include "relay/amqp/amqp_source.hpp"

#include <gmock/gmock.h>

#include "unit/relay/amqp_queue.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One auction's created, opened and bids: sequences from 1.
class ReadingFromRabbitmq : public ::testing::Test {
 protected:
  void SetUp() override {
    all_ = script_.create();
    for (int k = 0; k < 8; ++k) {
      const auto bids = script_.bid(k % 2 == 0 ? "Alice" : "Bob", 1'000 + 100 * k);
      all_.insert(all_.end(), bids.begin(), bids.end());
    }
  }
  // Messages with one event each.
  void put(std::vector<std::uint64_t> sequences) {
    for (const std::uint64_t sequence : sequences) {
      SourceBatch batch;
      batch.records = {all_.at(sequence - 1)};
      const auto stored = sink_.store(ShardLease{}, batch);
      ASSERT_TRUE(stored) << stored.error().detail;
    }
  }
  void put_together(std::size_t count) {
    SourceBatch batch;
    batch.records.assign(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(count));
    ASSERT_TRUE(sink_.store(ShardLease{}, batch));
  }
  std::vector<std::uint64_t> read_all(Source& source, std::size_t count) {
    std::vector<std::uint64_t> found;
    while (found.size() < count) {
      const auto batch = read_some(source);
      if (!batch || batch->records.empty()) break;
      for (const std::uint64_t each : sequences_of(*batch)) found.push_back(each);
      if (!source.stored(batch->position)) break;
    }
    return found;
  }
  static Refusal early(std::size_t record) { return {record, true, "an event before it is missing"}; }
  static Refusal wrong(std::size_t record) { return {record, false, "it does not fit"}; }
  [[nodiscard]] std::size_t dead() { return queue_.length("flashbid.dead"); }

  AmqpQueue queue_;
  AmqpSink sink_{queue_.url(), queue_.sink_options()};
  AuctionScript script_{7};
  std::vector<Record> all_;
};

TEST_F(ReadingFromRabbitmq, GivesWhatWasStoredAndThatOnce) {
  put({1, 2, 3});
  put_together(2);
  {
    AmqpSource source(queue_.broker(), 0);
    ASSERT_TRUE(source.begin("as the sink remembers"));
    EXPECT_EQ(source.waiting()->events, 4U);
    std::vector<std::uint64_t> found;
    while (found.size() < 5) {
      const auto batch = read_some(source, 2);
      ASSERT_TRUE(batch && !batch->records.empty());
      EXPECT_TRUE(batch->queued);
      EXPECT_EQ(batch->ledger, "redis");
      EXPECT_LE(batch->records.size(), 2U);
      EXPECT_EQ(batch->position, "7-1-" + std::to_string(batch->records.back().sequence.value()));
      for (const Record& record : batch->records) {
        EXPECT_EQ(*record.payload, *all_.at(record.sequence.value() - 1).payload);
        EXPECT_EQ(record.secret, all_.at(record.sequence.value() - 1).secret);
        found.push_back(record.sequence.value());
      }
      ASSERT_TRUE(source.stored(batch->position));
    }
    EXPECT_THAT(found, ElementsAre(1, 2, 3, 1, 2));
    EXPECT_EQ(source.read(10)->position, "7-1-2");
  }
  AmqpSource again(queue_.broker(), 0);
  EXPECT_EQ(read_nothing(again), 0U);
}

TEST_F(ReadingFromRabbitmq, CountsTheShardsThatAreThere) {
  const auto none = queue_.broker()->count_shards();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().failure, Failure::unavailable);
  EXPECT_THAT(none.error().detail, HasSubstr("nothing has been published to this broker yet"));
  AmqpSource source(queue_.broker(), 0);
  EXPECT_FALSE(source.read(10));
  put({1});
  EXPECT_EQ(queue_.broker()->count_shards().value(), amqp_shards);
  EXPECT_THAT(read_all(source, 1), ElementsAre(1));
}

TEST_F(ReadingFromRabbitmq, WhatIsNotToldAsStoredComesAgainToTheNext) {
  put({1, 2});
  auto broker = queue_.broker();
  auto first = std::make_unique<AmqpSource>(broker, 0);
  EXPECT_FALSE(read_some(*first)->records.empty());
  AmqpSource second(queue_.broker(), 0);
  EXPECT_EQ(read_nothing(second), 0U) << "one consumer at a time";
  first.reset();
  EXPECT_THAT(read_all(second, 2), ElementsAre(1, 2));
  // The connection that the first one was on serves others.
  put({3});
  AmqpSource other(broker, 1);
  EXPECT_EQ(read_nothing(other), 0U);
}

TEST_F(ReadingFromRabbitmq, ALostConnectionForgetsWhatCameOnIt) {
  put({1, 2, 3});
  AmqpSource source(queue_.broker(), 0);
  const auto batch = read_some(source);
  ASSERT_TRUE(batch && !batch->records.empty());
  RabbitmqServer::shared().kill();
  RabbitmqServer::shared().start();
  // It is noticed by whatever is done next.
  const auto told = source.stored(batch->position);
  std::vector<std::uint64_t> found;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  bool failed = !told;
  while (found.size() < 3 && std::chrono::steady_clock::now() < deadline) {
    const auto next = source.read(10);
    if (!next) {
      EXPECT_EQ(next.error().failure, Failure::unavailable) << next.error().detail;
      failed = true;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      continue;
    }
    for (const std::uint64_t each : sequences_of(*next)) found.push_back(each);
    if (!next->records.empty()) ASSERT_TRUE(source.stored(next->position));
  }
  EXPECT_TRUE(failed);
  EXPECT_THAT(found, ElementsAre(1, 2, 3));
  EXPECT_EQ(read_nothing(source), 0U);
}

TEST_F(ReadingFromRabbitmq, AnotherSourceMayFindTheConnectionLost) {
  put({1});
  const auto broker = queue_.broker();
  AmqpSource source(broker, 0);
  const auto batch = read_some(source);
  ASSERT_TRUE(batch && !batch->records.empty());
  RabbitmqServer::shared().kill();
  AmqpSource other(broker, 1);
  EXPECT_FALSE(other.read(10));
  RabbitmqServer::shared().start();
  while (!other.read(10)) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto told = source.stored(batch->position);
  ASSERT_FALSE(told) << "the tag is of another connection";
  EXPECT_EQ(told.error().failure, Failure::unavailable);
  EXPECT_THAT(read_all(source, 1), ElementsAre(1));
}

TEST_F(ReadingFromRabbitmq, WhatIsNoEventOfTheShardIsBuriedWithTheReason) {
  put({1});
  queue_.publish("not JSON", {{std::string(secrets_header), "[\"s\"]"}});
  const std::vector<Record> one{all_[0]};
  const std::string secrets = encode_secrets(one);
  queue_.publish(encode_envelopes(Origin{"redis", amqp_shards, 1}, one), {{std::string(secrets_header), secrets}});
  queue_.publish(encode_envelopes(Origin{"redis", 16, 0}, one), {{std::string(secrets_header), secrets}});
  put({2});
  AmqpSource source(queue_.broker(), 0);
  EXPECT_THAT(read_all(source, 2), ElementsAre(1, 2));
  EXPECT_EQ(dead(), 3U);
  const auto first = queue_.get("flashbid.dead");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "not JSON");
  EXPECT_EQ(first->content_type, "text/plain");
  EXPECT_FALSE(first->headers.at("flashbid-reason").empty());
  EXPECT_EQ(first->headers.at("flashbid-secrets"), "[\"s\"]");
  EXPECT_THAT(queue_.get("flashbid.dead")->headers.at("flashbid-reason"),
              HasSubstr("shard 1 of 2, and lay in the queue of shard 0 of 2"));
  EXPECT_THAT(queue_.get("flashbid.dead")->headers.at("flashbid-reason"), HasSubstr("shard 0 of 16"));
  AmqpSource again(queue_.broker(), 0);
  EXPECT_EQ(read_nothing(source), 0U);
}

TEST_F(ReadingFromRabbitmq, WhatTheSinkRefusesIsBuriedAndTheRestIsStored) {
  put_together(4);
  {
    AmqpSource source(queue_.broker(), 0);
    const auto batch = read_some(source);
    ASSERT_TRUE(batch);
    ASSERT_THAT(sequences_of(*batch), ElementsAre(1, 2, 3, 4));
    const std::vector<Refusal> refusals{wrong(2)};
    EXPECT_EQ(source.refused(refusals).value(), 1U);
    ASSERT_TRUE(source.stored(batch->position));
  }
  const auto got = queue_.get("flashbid.dead");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->headers.at("flashbid-reason"), "it does not fit");
  EXPECT_EQ(got->delivery_mode, 2);
  const auto opened = open_envelopes(got->body, std::nullopt);
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(*opened->records.front().payload, *all_[2].payload);
  AmqpSource again(queue_.broker(), 0);
  EXPECT_EQ(read_nothing(again), 0U);
}

TEST_F(ReadingFromRabbitmq, EarlyOnesAreKeptAndComeAgainFirst) {
  put_together(2);
  const auto broker = queue_.broker();
  auto source = std::make_unique<AmqpSource>(broker, 0);
  EXPECT_THAT(read_all(*source, 2), ElementsAre(1, 2));
  put({4});
  auto batch = read_some(*source, 1);
  ASSERT_TRUE(batch);
  ASSERT_THAT(sequences_of(*batch), ElementsAre(4));
  const std::vector<Refusal> refusals{early(0)};
  EXPECT_EQ(source->refused(refusals).value(), 0U);
  ASSERT_TRUE(source->stored(batch->position));
  // Nobody has acknowledged it: it is there for whoever comes next.
  source.reset();
  source = std::make_unique<AmqpSource>(broker, 0);
  batch = read_some(*source, 1);
  ASSERT_TRUE(batch);
  ASSERT_THAT(sequences_of(*batch), ElementsAre(4));
  EXPECT_EQ(source->refused(refusals).value(), 0U);
  ASSERT_TRUE(source->stored(batch->position));
  put({3});
  batch = read_some(*source, 10);
  while (batch && sequences_of(*batch) == std::vector<std::uint64_t>{4}) {  // the new one is still on its way
    EXPECT_EQ(source->refused(refusals).value(), 0U);
    ASSERT_TRUE(source->stored(batch->position));
    batch = read_some(*source, 10);
  }
  ASSERT_TRUE(batch);
  ASSERT_THAT(sequences_of(*batch), ElementsAre(4, 3)) << "what was kept, and what is new";
  EXPECT_EQ(source->refused(refusals).value(), 0U);
  ASSERT_TRUE(source->stored(batch->position));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THAT(read_all(*source, 1), ElementsAre(4));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{500}) << "at once: 3 was stored";
  source.reset();
  AmqpSource again(queue_.broker(), 0);
  EXPECT_EQ(read_nothing(again), 0U);
  EXPECT_EQ(dead(), 0U);
}

TEST_F(ReadingFromRabbitmq, ASecondCopyOfWhatIsKeptIsNotKept) {
  put({4});
  AmqpSource source(queue_.broker({.prefetch = 2}), 0);
  const std::vector<Refusal> refusals{early(0)};
  for (int k = 0; k < 4; ++k) {
    // The first is kept, and given with each copy.
    const auto batch = read_some(source);
    ASSERT_TRUE(batch && !batch->records.empty());
    std::vector<Refusal> all;
    for (std::size_t record = 0; record < batch->records.size(); ++record) all.push_back(early(record));
    EXPECT_EQ(source.refused(all).value(), 0U);
    ASSERT_TRUE(source.stored(batch->position));
    put({4});
  }
  put({3});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  bool came = false;
  while (!came && std::chrono::steady_clock::now() < deadline) {
    const auto batch = read_some(source);
    ASSERT_TRUE(batch);
    std::vector<Refusal> all;
    for (std::size_t record = 0; record < batch->records.size(); ++record) {
      if (batch->records[record].sequence == Sequence{4}) all.push_back(early(record));
    }
    came = all.size() < batch->records.size();
    ASSERT_TRUE(source.refused(all) && source.stored(batch->position));
  }
  EXPECT_TRUE(came) << "the prefetch is full of copies";
}

TEST_F(ReadingFromRabbitmq, PatienceEnds) {
  put({4, 5});
  AmqpSource source(queue_.broker(), 0, {.patience = Duration{50}, .most_kept = 1});
  std::uint64_t buried = 0;
  std::size_t given = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (buried < 2 && std::chrono::steady_clock::now() < deadline) {
    const auto batch = read_some(source);
    ASSERT_TRUE(batch);
    std::vector<Refusal> all;
    for (std::size_t record = 0; record < batch->records.size(); ++record) all.push_back(early(record));
    given += all.size();
    if (all.empty()) continue;
    const auto refused = source.refused(all);
    ASSERT_TRUE(refused) << refused.error().detail;
    buried += *refused;
    ASSERT_TRUE(source.stored(batch->position));
  }
  EXPECT_EQ(buried, 2U);
  EXPECT_LT(given, 10U) << "not in a hurry";
  EXPECT_EQ(dead(), 2U);
  EXPECT_EQ(queue_.get("flashbid.dead")->headers.at("flashbid-reason"), "an event before it is missing");
  EXPECT_EQ(read_nothing(source), 0U);
}

}  // namespace
}  // namespace flashbid::testing
