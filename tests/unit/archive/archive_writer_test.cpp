#include "archive/archive_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <thread>

#include "archive/archive_reader.hpp"
#include "archive/schema.hpp"
#include "archive/verify.hpp"
#include "support/auction_script.hpp"
#include "support/postgres_server.hpp"

namespace flashbid::testing {
namespace {

constexpr Duration long_lease{60'000};

class Archive : public ::testing::Test {
 protected:
  ArchiveLease acquire(ArchiveWriter& writer, std::string_view owner = "one", Duration length = long_lease) {
    auto lease = writer.acquire(0, owner, length);
    if (!lease || !*lease) ADD_FAILURE() << (lease ? "another has it" : lease.error().detail);
    return lease && *lease ? **lease : ArchiveLease{};
  }
  std::size_t stored(std::uint64_t auction) {
    const auto records = reader_.records(AuctionId{auction}, Sequence{0}, 1'000);
    if (!records) ADD_FAILURE() << records.error().detail;
    return records ? records->size() : 0;
  }

  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  ArchiveWriter writer_{url_};
  ArchiveReader reader_{url_};
};

Failure failure_of(const Result<void>& result) {
  if (result) ADD_FAILURE() << "it succeeded";
  return result ? Failure::internal : result.error().failure;
}

TEST_F(Archive, WhatIsStoredIsReadBackByteForByte) {
  Terms terms = sample_terms();
  terms.title = "Ⅶ \"quoted\" \\ {a,b} \n 中文";
  terms.reserve = Amount{5'000};
  AuctionScript one(7, terms);
  const auto key = key_use(Operation::bid, "Alice", "k\"1\\", "1000");
  const auto records = one.create(script_start, key_use(Operation::create, "seller", "c", "body")) +
                       one.bid("Alice", 1'000, script_start, key);
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, records, "3"));
  const auto read = reader_.records(AuctionId{7}, Sequence{0}, 10);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(*read->at(i).payload, *records[i].payload);
    EXPECT_EQ(read->at(i).secret, records[i].secret);
    EXPECT_EQ(read->at(i).at, records[i].at);
  }
  EXPECT_EQ(**reader_.auction(AuctionId{7}), one.auction());
  EXPECT_EQ(reader_.keys(AuctionId{7})->size(), 2U);
  EXPECT_EQ((*reader_.answer(Operation::bid, AuctionId{7}, bidder("Alice"), key.key))->sequence, Sequence{3});
  EXPECT_EQ((*reader_.position(0))->position, "3");
  EXPECT_TRUE(verify_archive(reader_));
}

TEST_F(Archive, ARepeatChangesNothingAndMayGoOn) {
  AuctionScript one(1);
  auto records = one.create();
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, records, "2"));
  records = records + one.bid("Alice", 1'000);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, records, "3"));
  ArchiveWriter other(url_);  // without anything in memory
  ASSERT_TRUE(other.store(lease, Epoch{1}, records, "3"));
  EXPECT_EQ(stored(1), 3U);
}

TEST_F(Archive, AnotherPayloadUnderTheSameKeyIsAnAlarmAndStoresNothing) {
  AuctionScript one(1);
  AuctionScript other(1);
  const auto created = one.create() + one.bid("Alice", 1'000);
  const auto forged = other.create() + other.bid("Bob", 1'000);
  AuctionScript two(2);
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, created, "3"));
  EXPECT_EQ(failure_of(writer_.store(lease, Epoch{1}, two.create() + forged, "9")), Failure::corrupt);
  EXPECT_EQ(stored(2), 0U);
  EXPECT_EQ((*reader_.position(0))->position, "3");
}

TEST_F(Archive, AnEventThatTheImageHasNotIsAnAlarmAndStoresNothing) {
  AuctionScript one(1);
  const auto records = one.create();
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, records, "2"));
  auto connection = archive::Connection::open(url_, std::chrono::seconds{10});
  ASSERT_TRUE(connection);
  ASSERT_TRUE(connection->run_all("DELETE FROM flashbid.auctions"));
  ArchiveWriter other(url_);
  const auto more = records + one.bid("Alice", 1'000);
  EXPECT_EQ(failure_of(other.store(lease, Epoch{1}, more, "3")), Failure::corrupt);
  EXPECT_EQ((*reader_.position(0))->position, "2");
  EXPECT_EQ(stored(1), records.size());
  AuctionScript two(2);
  EXPECT_TRUE(other.store(lease, Epoch{1}, two.create(), "4"));  // the connection is well
}

TEST_F(Archive, ACopyThatIsRefusedLeavesTheConnectionWell) {
  auto connection = archive::Connection::open(url_, std::chrono::seconds{10});
  ASSERT_TRUE(connection);
  const auto refused = connection->copy("COPY nothing FROM STDIN (FORMAT binary)", archive::CopyRows());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::invalid);
  EXPECT_TRUE(connection->run("SELECT 1"));
}

TEST_F(Archive, AGapIsRefused) {
  AuctionScript one(1);
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, one.create(), "2"));
  one.bid("Alice", 1'000);  // never stored
  EXPECT_EQ(failure_of(writer_.store(lease, Epoch{1}, one.bid("Bob", 1'100), "4")), Failure::corrupt);
  EXPECT_EQ(stored(1), 2U);
}

TEST_F(Archive, AHolderPausedPastItsLeaseStoresNothing) {
  AuctionScript one(1);
  const auto created = one.create();
  ArchiveWriter second(url_);
  const ArchiveLease paused = acquire(writer_, "one", Duration{30});
  EXPECT_TRUE(writer_.store(paused, Epoch{1}, created, "2"));
  EXPECT_TRUE(second.acquire(0, "two", long_lease).has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds{60});
  const ArchiveLease now = acquire(second, "two");
  EXPECT_GT(now.token, paused.token);
  EXPECT_EQ(now.position, "2");
  const auto bid = one.bid("Alice", 1'000);
  EXPECT_EQ(failure_of(writer_.store(paused, Epoch{1}, bid, "3")), Failure::conflict);
  EXPECT_EQ(failure_of(writer_.renew(paused, long_lease)), Failure::conflict);
  EXPECT_TRUE(writer_.release(paused)) << "to no effect";
  EXPECT_EQ(stored(1), 2U);
  EXPECT_TRUE(second.store(now, Epoch{1}, bid, "3"));
  EXPECT_EQ(stored(1), 3U);
}

// What it was sending has no end, and PostgreSQL waits for that end for ever.
TEST_F(Archive, AHolderStoppedInTheMiddleOfACopyIsNotInTheWayForEver) {
  ASSERT_TRUE(writer_.connect());
  ASSERT_EQ(acquire(writer_, "one", Duration{1}).token, 1U);
  const std::unique_ptr<PGconn, void (*)(PGconn*)> stopped(PQconnectdb(url_.uri.c_str()), PQfinish);
  for (const char* sql : {"BEGIN", "SELECT FROM flashbid.shards FOR UPDATE", "COPY flashbid.events FROM STDIN"}) {
    PQclear(PQexec(stopped.get(), sql));
  }
  ArchiveWriter second(url_, std::chrono::milliseconds{300});
  Result<std::optional<ArchiveLease>> lease = std::nullopt;
  for (int attempt = 0; attempt < 20 && !(lease && *lease); ++attempt) lease = second.acquire(0, "two", long_lease);
  ASSERT_TRUE(lease) << lease.error().detail;
  ASSERT_TRUE(*lease);
  EXPECT_EQ((*lease)->token, 2U);
}

TEST_F(Archive, OneHolderAtATime) {
  ArchiveWriter second(url_);
  const ArchiveLease lease = acquire(writer_);
  EXPECT_FALSE(second.acquire(0, "two", long_lease)->has_value());
  EXPECT_TRUE(writer_.release(lease));
  EXPECT_TRUE(second.acquire(0, "two", long_lease)->has_value());
}

TEST_F(Archive, ALedgerOfAnOldEpochIsFencedOff) {
  AuctionScript one(1);
  const auto old = one.create();
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, old, "2"));
  ASSERT_TRUE(writer_.raise_epoch(0, Epoch{2}));
  ASSERT_TRUE(writer_.raise_epoch(0, Epoch{1})) << "never falls";
  const auto late = one.bid("Alice", 1'000);
  EXPECT_EQ(failure_of(writer_.store(lease, Epoch{1}, late, "3")), Failure::conflict);
  EXPECT_TRUE(writer_.store(lease, Epoch{2}, late, "3")) << "what the new ledger still has of the old epoch";
  EXPECT_EQ((*reader_.position(0))->epoch, Epoch{2});
}

TEST_F(Archive, SeveralMigrateAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      ArchiveWriter writer(url_);
      if (const auto connected = writer.connect(); connected) {
        ++good;
      } else {
        ADD_FAILURE() << connected.error().detail;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 4);
  EXPECT_TRUE(acquire(writer_).token > 0);
}

TEST_F(Archive, ANewerSchemaIsRefused) {
  auto connection = archive::Connection::open(url_, std::chrono::seconds{5});
  ASSERT_TRUE(connection);
  ASSERT_TRUE(archive::migrate(*connection));
  ASSERT_TRUE(connection->run("UPDATE flashbid.schema_version SET version = version + 1"));
  const auto refused = writer_.connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::invalid);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("newer"));
}

TEST_F(Archive, TheArchiveOfAnotherLedgerIsRefused) {
  ASSERT_TRUE(writer_.claim("sqlite", 1));
  ASSERT_TRUE(writer_.claim("sqlite", 1));
  EXPECT_EQ(failure_of(writer_.claim("redis", 16)), Failure::invalid);
}

TEST_F(Archive, KeysAreForgottenADayAfterTheEnd) {
  AuctionScript one(1);
  const auto bid_key = key_use(Operation::bid, "Alice", "k", "1000");
  const auto create_key = key_use(Operation::create, "seller", "c", "body");
  const Timestamp end = script_start + Duration{3'600'000};
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(
      lease, Epoch{1},
      one.create(script_start, create_key) + one.bid("Alice", 1'000, script_start, bid_key) + one.play(Tick{}, end),
      "4"));
  ASSERT_TRUE(writer_.forget_answers(end + effect_kept - Duration{1}));
  EXPECT_EQ(reader_.keys(AuctionId{1})->size(), 2U);
  ASSERT_TRUE(writer_.forget_answers(end + effect_kept));
  EXPECT_TRUE(reader_.keys(AuctionId{1})->empty());
  EXPECT_EQ(stored(1), 4U);
}

TEST_F(Archive, AServerThatWasKilledComesBackAndTheSameIsStoredOnce) {
  AuctionScript one(1);
  auto all = one.create();
  const ArchiveLease lease = acquire(writer_);
  ASSERT_TRUE(writer_.store(lease, Epoch{1}, all, "2"));
  for (int round = 0; round < 2; ++round) {
    PostgresServer::shared().kill();
    const auto bid = one.bid(round == 0 ? "Alice" : "Bob", 1'000 + 100 * round);
    const auto away = writer_.store(lease, Epoch{1}, bid, "x");
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().failure, Failure::unavailable) << away.error().detail;
    PostgresServer::shared().start();
    Result<void> stored = writer_.store(lease, Epoch{1}, bid, "x");
    for (int attempt = 0; !stored && attempt < 200; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      stored = writer_.store(lease, Epoch{1}, bid, "x");
    }
    ASSERT_TRUE(stored) << stored.error().detail;
  }
  const auto verified = verify_archive(reader_);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->events, 4U);
}

TEST(ArchiveUrl, SaysWhatIsWrongWithoutThePassword) {
  const auto good = ArchiveUrl::parse("postgres://user:secret@db:5433/flashbid");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->shown, "db:5433/flashbid");
  for (const char* wrong : {"", "http://x", "postgres://user:secret@db", "postgres://user:secret@[db/x"}) {
    const auto parsed = ArchiveUrl::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().failure, Failure::invalid);
    EXPECT_THAT(parsed.error().detail, ::testing::Not(::testing::HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace flashbid::testing
