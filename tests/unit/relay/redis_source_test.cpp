#include "relay/redis_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "unit/relay/redis_shards.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t all = 1'000;

class ReadingAShard : public ::testing::Test {
 protected:
  void SetUp() override {
    shards_.create(1);  // two events: created, opened
    shards_.bid(1, 8);
    source_ = shards_.source();
    ASSERT_TRUE(source_->begin({}));
  }

  static SourceBatch read(Source& source, std::size_t max = all) {
    auto batch = source.read(max);
    EXPECT_TRUE(batch) << batch.error().detail;
    return batch ? std::move(*batch) : SourceBatch{};
  }
  // Once it is connected again.
  static Result<SourceBatch> read_of_new_primary(Source& source) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    for (;;) {
      auto batch = source.read(all);
      const bool lost = !batch && batch.error().detail.starts_with("Redis at");
      if (!lost || std::chrono::steady_clock::now() > deadline) return batch;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }
  // Reads and tells as stored.
  static std::size_t pass(Source& source, std::size_t max = all) {
    const SourceBatch batch = read(source, max);
    EXPECT_TRUE(source.stored(batch.position));
    return batch.records.size();
  }
  static std::vector<std::uint64_t> sequences(const SourceBatch& batch) {
    std::vector<std::uint64_t> numbers;
    for (const Record& record : batch.records) numbers.push_back(record.sequence.value());
    return numbers;
  }
  static void let_all_go(Source& source) {
    for (int turn = 0; turn < 100; ++turn) {
      const auto more = source.tidy(7);
      ASSERT_TRUE(more) << more.error().detail;
      if (!*more) return;
    }
    FAIL() << "it never ends";
  }

  RedisShards shards_;
  std::unique_ptr<Source> source_;
};

TEST_F(ReadingAShard, GivesWhatTheFunctionsWroteByteForByteAndGoesOnBehindWhatIsStored) {
  const SourceBatch batch = read(*source_);
  const std::vector<Record> written = shards_.stream();
  ASSERT_EQ(batch.records.size(), 10U);
  for (std::size_t k = 0; k < written.size(); ++k) {
    EXPECT_EQ(batch.records[k].auction, written[k].auction);
    EXPECT_EQ(batch.records[k].sequence, written[k].sequence);
    EXPECT_EQ(*batch.records[k].payload, *written[k].payload);
    EXPECT_EQ(batch.records[k].secret, written[k].secret);
    const auto decoded = decode_event(*written[k].payload, written[k].secret);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(batch.records[k].at, decoded->event.at);
  }
  EXPECT_EQ(batch.epoch, Epoch{1});
  EXPECT_EQ(batch.position, shards_.stream_ids().back());
  ASSERT_TRUE(source_->stored(batch.position));
  EXPECT_TRUE(read(*source_).records.empty());
  shards_.bid(1);
  const auto next = shards_.source();
  ASSERT_TRUE(next->begin(batch.position));
  EXPECT_EQ(sequences(read(*next)), std::vector<std::uint64_t>{11});
}

TEST_F(ReadingAShard, WhatWasNotToldAsStoredIsReadAgain) {
  EXPECT_EQ(pass(*source_, 4), 4U);
  EXPECT_EQ(sequences(read(*source_, 3)), (std::vector<std::uint64_t>{5, 6, 7}));
  const auto next = shards_.source();
  ASSERT_TRUE(next->begin({}));
  EXPECT_EQ(sequences(read(*next, 3)), (std::vector<std::uint64_t>{5, 6, 7}));
}

TEST_F(ReadingAShard, ReadsAheadOfWhatIsBeingStored) {
  EXPECT_FALSE(source_->read_ahead(all)->has_value()) << "nothing is being stored";
  const SourceBatch first = read(*source_, 4);
  const auto ahead = source_->read_ahead(4);
  ASSERT_TRUE(ahead && *ahead);
  EXPECT_EQ(sequences(**ahead), (std::vector<std::uint64_t>{5, 6, 7, 8}));
  EXPECT_EQ((*ahead)->behind, 2U);
  EXPECT_EQ(source_->waiting()->events, 2U);
  EXPECT_FALSE(source_->read_ahead(4)->has_value()) << "one at a time";
  ASSERT_TRUE(source_->stored(first.position));
  EXPECT_EQ(shards_.of_group("entries-read"), "4");
  ASSERT_TRUE(source_->stored((*ahead)->position));
  EXPECT_EQ(shards_.of_group("entries-read"), "8");
  EXPECT_EQ(shards_.of_group("last-delivered-id"), (*ahead)->position);
  EXPECT_EQ(sequences(read(*source_, 4)), (std::vector<std::uint64_t>{9, 10}));
  EXPECT_FALSE(source_->read_ahead(4)->has_value()) << "there is nothing";
}

TEST_F(ReadingAShard, AheadOfAReaderThatWasMovedNothingIsRead) {
  const SourceBatch first = read(*source_, 4);
  const std::string before = shards_.of_group("last-delivered-id");
  shards_.ask({"XREADGROUP", "GROUP", "archive", "one", "COUNT", "1", "STREAMS", redis::stream_key(0), ">"});
  EXPECT_FALSE(source_->read_ahead(4)->has_value());
  shards_.ask({"XGROUP", "SETID", redis::stream_key(0), "archive", before});
  EXPECT_EQ(shards_.of_group("pending"), "1");
  EXPECT_FALSE(source_->read_ahead(4)->has_value()) << "somebody was given an entry";
  shards_.ask({"XGROUP", "SETID", redis::stream_key(0), "archive", shards_.stream_ids()[1]});
  EXPECT_FALSE(source_->read_ahead(4)->has_value());
  shards_.ask({"XGROUP", "DESTROY", redis::stream_key(0), "archive"});
  EXPECT_FALSE(source_->read_ahead(4)->has_value());
}

// What was read ahead of a primary that is gone is stored, or not; the new one's is read from where its group stands.
TEST_F(ReadingAShard, AheadOfAPrimaryThatIsGoneNothingIsToldAsStored) {
  const auto ledger = shards_.ledger();
  source_ = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  EXPECT_EQ(pass(*source_, 2), 2U);
  const SourceBatch first = read(*source_, 3);
  const auto ahead = source_->read_ahead(3);
  ASSERT_TRUE(ahead && *ahead);
  shards_.server.kill();
  shards_.server.restart();
  shards_.admit();
  const auto other = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  ASSERT_TRUE(read_of_new_primary(*other));
  ASSERT_TRUE(source_->stored(first.position));
  ASSERT_TRUE(source_->stored((*ahead)->position));
  EXPECT_EQ(shards_.of_group("last-delivered-id"), shards_.stream_ids()[1]);
  EXPECT_EQ(read(*source_, 5).records.front().sequence, Sequence{3});
}

TEST_F(ReadingAShard, AheadOfAPrimaryThatWasReplacedNothingIsRead) {
  const auto ledger = shards_.ledger();
  source_ = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  EXPECT_EQ(read(*source_, 3).records.size(), 3U);
  shards_.server.kill();
  shards_.server.restart();
  shards_.admit();
  const auto other = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  ASSERT_TRUE(read_of_new_primary(*other));
  const auto ahead = source_->read_ahead(3);
  ASSERT_TRUE(ahead) << ahead.error().detail;
  EXPECT_FALSE(ahead->has_value());
}

TEST_F(ReadingAShard, TellsHowManyWait) {
  const auto before = source_->waiting();
  ASSERT_TRUE(before);
  EXPECT_EQ(before->events, 10U);
  const auto first = decode_event(*shards_.stream().front().payload, shards_.stream().front().secret);
  EXPECT_EQ(before->oldest, first->event.at);
  const SourceBatch batch = read(*source_, 4);
  EXPECT_EQ(batch.behind, 6U);
  EXPECT_EQ(source_->waiting()->events, 6U) << "those read are the reader's";
  ASSERT_TRUE(source_->stored(batch.position));
  EXPECT_EQ(read(*source_, 4).behind, 2U);
  EXPECT_EQ(shards_.of_group("entries-read"), "4");
  EXPECT_EQ(shards_.of_group("lag"), "6");
}

TEST_F(ReadingAShard, AnEmptyRedisIsSaidAndLeftEmpty) {
  shards_.ask({"FLUSHALL"});
  const auto batch = source_->read(all);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().failure, Failure::unavailable);
  EXPECT_THAT(batch.error().detail, HasSubstr("flashbid restore"));
  EXPECT_EQ(shards_.ask({"DBSIZE"}).text, "0");
  EXPECT_EQ(shards_.ledger()->count_shards().error().failure, Failure::unavailable);
}

TEST_F(ReadingAShard, APrimaryThatNoNodeHasAdmittedIsWaitedFor) {
  EXPECT_EQ(pass(*source_, 4), 4U);
  shards_.server.kill();
  shards_.server.restart();
  const auto batch = read_of_new_primary(*source_);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().failure, Failure::unavailable);
  EXPECT_THAT(batch.error().detail, HasSubstr("shard 0 waits for a node to admit its new primary"));
  shards_.admit();
  shards_.bid(1);
  const SourceBatch next = read(*source_);
  EXPECT_EQ(next.epoch, Epoch{2});
  EXPECT_EQ(next.records.front().sequence, Sequence{5});
  EXPECT_EQ(next.records.back().sequence, Sequence{11});
}

TEST_F(ReadingAShard, AGroupThatIsGoneBeginsAnew) {
  EXPECT_EQ(pass(*source_), 10U);
  shards_.ask({"XGROUP", "DESTROY", redis::stream_key(0), "archive"});
  EXPECT_EQ(read(*source_).records.size(), 10U);
}

TEST_F(ReadingAShard, EntriesThatSomebodyWasGivenAndHasNotStoredAreReadFirst) {
  EXPECT_EQ(pass(*source_, 2), 2U);
  const std::string key = redis::stream_key(0);
  const std::vector<std::string> ids = shards_.stream_ids();
  for (const std::string consumer : {"one", "two"}) {
    shards_.ask({"XREADGROUP", "GROUP", "archive", consumer, "COUNT", "3", "STREAMS", key, ">"});
  }
  shards_.ask({"XACK", key, "archive", ids[2]});
  EXPECT_EQ(shards_.of_group("pending"), "5");
  EXPECT_EQ(sequences(read(*source_, 4)), (std::vector<std::uint64_t>{4, 5, 6, 7}));
  EXPECT_EQ(shards_.of_group("pending"), "0");
}

TEST_F(ReadingAShard, TheGroupIsMovedOnlyOnTheServerThatWasRead) {
  const auto ledger = shards_.ledger();
  source_ = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  EXPECT_EQ(pass(*source_, 2), 2U);
  const SourceBatch batch = read(*source_, 5);
  const std::string before = shards_.of_group("last-delivered-id");
  shards_.server.kill();
  shards_.server.restart();
  shards_.admit();
  // Another of this relay's sources has the connection made again, but this one has read nothing since.
  const auto other = std::make_unique<RedisSource>(ledger, 0, RedisShards::options());
  ASSERT_TRUE(read_of_new_primary(*other));
  ASSERT_TRUE(source_->stored(batch.position));
  EXPECT_EQ(shards_.of_group("last-delivered-id"), before);
  EXPECT_EQ(read(*source_, 5).records.front().sequence, Sequence{3});
}

// A failover to a replica that is behind, and whose clock is: ids that were read already come again, with other events.
TEST_F(ReadingAShard, IdsThatAreGivenOutAgainAreNotSkipped) {
  EXPECT_EQ(pass(*source_), 10U);
  const std::string key = redis::stream_key(0);
  const RedisValue entries = shards_.ask({"XRANGE", key, "-", "+"});
  shards_.ask({"DEL", key});
  for (std::size_t k = 0; k < 10; ++k) {
    if (k == 8) continue;
    std::vector<std::string> add{"XADD", key, entries.items[k].items[0].text};
    for (const RedisValue& field : entries.items[k].items[1].items) add.push_back(field.text);
    ASSERT_FALSE(shards_.ask(add).error);
  }
  shards_.ask({"XGROUP", "CREATE", key, "archive", entries.items[6].items[0].text});
  EXPECT_EQ(sequences(read(*source_)), (std::vector<std::uint64_t>{8, 10}));
}

TEST_F(ReadingAShard, AnEntryThatCannotBeUnderstoodIsNamed) {
  EXPECT_EQ(pass(*source_), 10U);
  const std::string key = redis::stream_key(0);
  const std::string payload = *shards_.stream().back().payload;
  const std::vector<std::vector<std::string>> poison{
      {"x", "1"},
      {"a", "1", "e", "1", "s", "one", "p", payload},
      {"a", "1", "e", "1", "s", "11", "p", payload},
      {"a", "1", "e", "1", "s", "10", "p", payload.substr(0, payload.size() - 1)},
      {"a", "1", "e", "1", "s", "10"},
  };
  for (const auto& fields : poison) {
    std::vector<std::string> add{"XADD", key, "*"};
    add.insert(add.end(), fields.begin(), fields.end());
    const std::string id = shards_.ask(add).text;
    const auto batch = source_->read(all);
    ASSERT_FALSE(batch) << ::testing::PrintToString(fields);
    EXPECT_EQ(batch.error().failure, Failure::corrupt);
    EXPECT_THAT(batch.error().detail, HasSubstr("shard 0, stream entry " + id));
    shards_.ask({"XDEL", key, id});
  }
}

TEST_F(ReadingAShard, AStreamIsTrimmedOnlyBehindEveryGroup) {
  source_ = shards_.source(0, 5);
  ASSERT_TRUE(source_->begin({}));
  shards_.create(2);
  for (int k = 0; k < 10; ++k) shards_.bid(k % 2 == 0 ? 1 : 2);
  const std::vector<std::string> ids = shards_.stream_ids();
  const std::string key = redis::stream_key(0);
  let_all_go(*source_);
  EXPECT_EQ(shards_.length(), ids.size()) << "nobody has stored anything";
  shards_.ask({"XGROUP", "CREATE", key, "other", ids[7]});
  shards_.ask({"XREADGROUP", "GROUP", "other", "me", "COUNT", "2", "STREAMS", key, ">"});
  shards_.ask({"XACK", key, "other", ids[9]});
  EXPECT_EQ(pass(*source_), ids.size());
  let_all_go(*source_);
  EXPECT_EQ(shards_.stream_ids().front(), ids[8]) << "given to the other and not yet stored by it";
  EXPECT_EQ(shards_.ask({"HGET", redis::auction_key(0, AuctionId{1}), "first"}).text, "9");
  shards_.ask({"XACK", key, "other", ids[8]});
  shards_.ask({"XGROUP", "SETID", key, "other", "$"});
  let_all_go(*source_);
  EXPECT_EQ(shards_.length(), 5U);
  // What is left is read as before.
  const RedisValue page = shards_.call(0, "events", {"1", "0", "100", "0"});
  ASSERT_FALSE(page.error) << page;
  const auto left = static_cast<std::size_t>(
      std::ranges::count(shards_.stream(), AuctionId{1}, [](const Record& record) { return record.auction; }));
  EXPECT_EQ(page.items.size(), 3 + 2 * left);
  EXPECT_EQ(pass(*source_), 0U);
}

TEST_F(ReadingAShard, WithoutTheRightToLetGoNothingLeaves) {
  RedisSourceOptions options = RedisShards::options(0);
  options.lets_go = false;
  RedisSource keeping(shards_.ledger(), 0, options);
  ASSERT_TRUE(keeping.begin({}));
  EXPECT_EQ(pass(keeping), 10U);
  let_all_go(keeping);
  EXPECT_EQ(shards_.length(), 10U);
}

TEST_F(ReadingAShard, BehindAQueueOnlyWhatTheArchiveHasLeaves) {
  std::size_t archived = 0;  // of the stream's entries, from the first on
  RedisSourceOptions options = RedisShards::options(0);
  options.count_archived = [&](std::span<const Record> records) {
    // As an archive would: by what the records are, wherever in the stream they stand.
    return static_cast<std::size_t>(
        std::ranges::count_if(records, [&](const Record& record) { return record.sequence.value() <= archived; }));
  };
  RedisSource behind(shards_.ledger(), 0, options);
  ASSERT_TRUE(behind.begin({}));
  EXPECT_EQ(pass(behind), 10U);
  let_all_go(behind);
  EXPECT_EQ(shards_.length(), 10U) << "the queue has all, and the archive nothing";
  archived = 4;
  let_all_go(behind);
  EXPECT_EQ(shards_.length(), 6U);
  EXPECT_EQ(shards_.ask({"HGET", redis::auction_key(0, AuctionId{1}), "first"}).text, "5");
  archived = 10;
  let_all_go(behind);
  EXPECT_EQ(shards_.length(), 0U);
}

TEST_F(ReadingAShard, BehindAQueueAnAuctionIsForgottenOnceTheArchiveHasItsEnd) {
  bool has_all = false;
  RedisSourceOptions options = RedisShards::options(100);
  options.count_archived = [&](std::span<const Record> records) { return has_all ? records.size() : 0; };
  RedisSource behind(shards_.ledger(), 0, options);
  ASSERT_TRUE(behind.begin({}));
  shards_.cancel(1);
  EXPECT_EQ(pass(behind), 11U);
  constexpr std::int64_t more_than_a_day_ms = 86'460'000;
  const std::int64_t now = std::stoll(shards_.ask({"TIME"}).items[0].text) * 1'000;
  shards_.ask({"ZADD", redis::over_key(0), std::to_string(now - more_than_a_day_ms), "1"});
  const auto is_there = [&] { return shards_.ask({"EXISTS", redis::auction_key(0, AuctionId{1})}).text == "1"; };
  let_all_go(behind);
  EXPECT_TRUE(is_there());
  has_all = true;
  let_all_go(behind);
  EXPECT_FALSE(is_there());
}

TEST_F(ReadingAShard, AnAuctionIsForgottenADayAfterItsEndOnceAllOfItIsStored) {
  EXPECT_EQ(pass(*source_), 10U);
  shards_.create(2);
  shards_.create(3);
  EXPECT_EQ(pass(*source_), 4U);
  for (const std::uint64_t id : {1U, 2U, 3U}) shards_.cancel(id);
  constexpr std::int64_t day_ms = 86'400'000;
  const std::int64_t now = std::stoll(shards_.ask({"TIME"}).items[0].text) * 1'000;
  const auto over_since = [&](std::uint64_t id, std::int64_t ago) {
    shards_.ask({"ZADD", redis::over_key(0), std::to_string(now - ago), std::to_string(id)});
  };
  over_since(1, day_ms + 60'000);
  over_since(2, day_ms + 60'000);
  over_since(3, day_ms - 60'000);
  const auto is_there = [&](std::uint64_t id) {
    return shards_.ask({"EXISTS", redis::auction_key(0, AuctionId{id})}).text == "1";
  };
  EXPECT_EQ(read(*source_, 1).records.front().auction, AuctionId{1});
  ASSERT_TRUE(source_->stored(shards_.stream_ids()[14]));
  let_all_go(*source_);
  EXPECT_FALSE(is_there(1));
  EXPECT_TRUE(is_there(2)) << "its last event is not stored";
  EXPECT_EQ(pass(*source_), 2U);
  let_all_go(*source_);
  EXPECT_FALSE(is_there(2));
  EXPECT_TRUE(is_there(3)) << "it was over less than a day ago";
}

TEST_F(ReadingAShard, SaysThatTheShardIsArchived) {
  EXPECT_TRUE(shards_.ask({"HGET", redis::meta_key(0), "archived"}).null);
  EXPECT_EQ(pass(*source_), 10U);
  EXPECT_EQ(shards_.ask({"HGET", redis::meta_key(0), "archived"}).text, "1");
}

}  // namespace
}  // namespace flashbid::testing
