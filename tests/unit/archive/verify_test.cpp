// verify_archive: silent about what the writer stores, and not about anything that somebody changed afterwards.
#include "archive/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_writer.hpp"
#include "support/auction_script.hpp"
#include "support/postgres_server.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Values;

// Auction 1 is open and has two bids, 2 is over; all commands had keys.
class VerifyArchive : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(writer_.claim("sqlite", 1));
    lease_ = writer_.acquire(0, "one", Duration{60'000}).value().value();
    store(one_.create(script_start, key_use(Operation::create, "seller", "c1", "body")));
    store(one_.bid("Alice", 1'000, script_start, key_use(Operation::bid, "Alice", "k", "1000")));
    store(one_.bid("Bob", 1'100, script_start, key_use(Operation::bid, "Bob", "k", "1100")));
    store(two_.create(script_start, key_use(Operation::create, "seller", "c2", "body")));
    store(two_.bid("Alice", 1'000, script_start, key_use(Operation::bid, "Alice", "k", "1000")));
    store(two_.play(Tick{}, script_end));
  }
  void store(const std::vector<Record>& records) {
    const auto stored = writer_.store(lease_, Epoch{1}, records, "x");
    ASSERT_TRUE(stored) << stored.error().detail;
    ledger_ = ledger_ + records;
  }
  void change(const char* sql) {
    auto connection = archive::Connection::open(url_, std::chrono::seconds{10});
    ASSERT_TRUE(connection);
    const auto changed = connection->run(sql);
    ASSERT_TRUE(changed) << changed.error().detail;
    ASSERT_GT(changed->affected(), 0U) << sql;
  }
  // The first violation; empty if there is none.
  std::string violation() {
    const auto verified = verify_archive(reader_);
    if (verified) return "";
    EXPECT_EQ(verified.error().failure, Failure::corrupt) << verified.error().detail;
    return verified.error().detail;
  }

  static constexpr Timestamp script_end = script_start + Duration{3'600'000};
  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  ArchiveWriter writer_{url_};
  ArchiveReader reader_{url_};
  ArchiveLease lease_;
  AuctionScript one_{1};
  AuctionScript two_{2};
  std::vector<Record> ledger_;  // all that was stored
};

TEST_F(VerifyArchive, WhatIsStoredIsConsistent) {
  const auto verified = verify_archive(reader_);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->auctions, 2U);
  EXPECT_EQ(verified->events, ledger_.size());
}

TEST_F(VerifyArchive, WhatIsForgottenADayLaterNeedNotBeThere) {
  AuctionScript old(3, [] {
    Terms terms = sample_terms();
    terms.opens_at = Timestamp{1'700'000'000'000};
    terms.closes_at = terms.opens_at + Duration{3'600'000};
    return terms;
  }());
  const Timestamp start{1'700'000'000'000};
  store(old.create(start, key_use(Operation::create, "seller", "c3", "body")));
  store(old.bid("Alice", 1'000, start, key_use(Operation::bid, "Alice", "k", "1000")));
  store(old.play(Tick{}, start + Duration{3'600'000}));
  EXPECT_EQ(violation(), "");
  ASSERT_TRUE(writer_.forget_answers(start + Duration{3'600'000} + effect_kept));
  ASSERT_TRUE(reader_.keys(AuctionId{3})->empty());
  EXPECT_EQ(violation(), "");
  // A creation's key that is used anew is the new auction's.
  AuctionScript again(4);
  store(again.create(script_start, key_use(Operation::create, "seller", "c3", "body")));
  store(again.play(Tick{}, script_end));
  AuctionScript once_more(5);
  store(once_more.create(script_start, key_use(Operation::create, "seller", "c3", "body")));
  EXPECT_EQ(violation(), "");
}

struct Corruption {
  const char* sql;
  const char* violation;
  friend void PrintTo(const Corruption& it, std::ostream* out) { *out << it.sql; }
};

class Corrupted : public VerifyArchive, public ::testing::WithParamInterface<Corruption> {};

TEST_P(Corrupted, IsFound) {
  ASSERT_EQ(violation(), "");
  change(GetParam().sql);
  EXPECT_THAT(violation(), HasSubstr(GetParam().violation));
}

INSTANTIATE_TEST_SUITE_P(Events, Corrupted,
                         Values(Corruption{"UPDATE flashbid.events SET epoch = 2 WHERE auction = 1 AND sequence = 4",
                                           "auction 1, sequence 4: the columns epoch and event differ"},
                                Corruption{"UPDATE flashbid.events SET event = 4 WHERE auction = 1 AND sequence = 3",
                                           "auction 1, sequence 3: the columns epoch and event differ"},
                                Corruption{"UPDATE flashbid.events SET at = at + 1 WHERE auction = 1 AND sequence = 3",
                                           "auction 1, sequence 3"},
                                Corruption{"UPDATE flashbid.events SET secret = '' WHERE auction = 1 AND sequence = 3",
                                           "auction 1, sequence 3: a key is remembered that it did not have"},
                                Corruption{"DELETE FROM flashbid.events WHERE auction = 1 AND sequence = 3",
                                           "auction 1, sequence 4"}));

INSTANTIATE_TEST_SUITE_P(
    Auctions, Corrupted,
    Values(Corruption{"UPDATE flashbid.auctions SET state = 2 WHERE id = 1", "auction 1: its columns differ"},
           Corruption{"UPDATE flashbid.auctions SET sequence = 3 WHERE id = 1", "auction 1: its columns differ"},
           Corruption{"UPDATE flashbid.auctions SET shard = 1 WHERE id = 1", "auction 1: it is in shard 1"},
           Corruption{"UPDATE flashbid.auctions SET epoch = 2 WHERE id = 1", "auction 1: its image, or its epoch"},
           Corruption{"UPDATE flashbid.auctions SET image = replace(image, 'Bob', 'Eve') WHERE id = 1",
                      "auction 1: its image, or its epoch"},
           Corruption{"DELETE FROM flashbid.auctions WHERE id = 1", "auction 1: it has events and no image"}));

INSTANTIATE_TEST_SUITE_P(
    Answers, Corrupted,
    Values(Corruption{"DELETE FROM flashbid.answers WHERE operation = 1 AND scope = 1 AND caller = 'Bob'",
                      "auction 1, sequence 4: its key is not remembered"},
           Corruption{"DELETE FROM flashbid.answers WHERE operation = 1 AND scope = 2",
                      "auction 2, sequence 3: its key is not remembered"},
           Corruption{"DELETE FROM flashbid.answers WHERE operation = 2 AND auction = 1",
                      "auction 1, sequence 1: its key is not remembered"},
           Corruption{"UPDATE flashbid.answers SET fingerprint = '9' WHERE scope = 1 AND caller = 'Bob'",
                      "auction 1, sequence 4: its key is not remembered"},
           Corruption{"UPDATE flashbid.answers SET sequence = 3 WHERE scope = 1 AND caller = 'Bob'",
                      "auction 1, sequence 4: its key is not remembered"},
           Corruption{"INSERT INTO flashbid.answers VALUES (1, 1, 'Eve', 'k', '1000', 1, 3)",
                      "auction 1, sequence 3: a key is remembered that it did not have"},
           Corruption{"INSERT INTO flashbid.answers VALUES (3, 9, 'Eve', 'k', '', 9, 3)",
                      "auction 9, sequence 3: a key is remembered that it did not have"}));

INSTANTIATE_TEST_SUITE_P(
    Endings, Corrupted,
    Values(Corruption{"DELETE FROM flashbid.endings", "auction 2: it is not among those that ended within a day"},
           Corruption{"UPDATE flashbid.endings SET at = at - 1", "auction 2: it is not among those"},
           Corruption{"INSERT INTO flashbid.endings SELECT at + 1, 2 FROM flashbid.endings",
                      "auction 2: it is remembered as over at a moment when it was not"},
           Corruption{"INSERT INTO flashbid.endings VALUES (1, 1)", "auction 1: it is remembered as over"},
           Corruption{"INSERT INTO flashbid.endings VALUES (1, 9)", "auction 9: it is remembered as over"}));

// What a comparison with the ledger says, if that is read a few records at a time.
std::string compared(ArchiveComparison& comparison, std::span<const Record> ledger) {
  for (; !ledger.empty(); ledger = ledger.subspan(std::min<std::size_t>(2, ledger.size()))) {
    const auto missing = comparison.add(ledger.first(std::min<std::size_t>(2, ledger.size())));
    if (!missing) return missing.error().detail;
    if (*missing) return "missing";
  }
  const auto ended = comparison.end();
  return ended ? "" : ended.error().detail;
}

TEST_F(VerifyArchive, EventsThatTheLedgerHasNotAreFoundAlsoBesideALedgerThatGrows) {
  const std::vector<Record> ledger = ledger_;
  AuctionScript foreign(9);
  store(foreign.create());
  auto comparison = ArchiveComparison::begin(reader_);
  ASSERT_TRUE(comparison);
  std::vector<Record> grown = ledger;
  for (int k = 0; k < 4; ++k) {
    const auto more = one_.bid(k % 2 == 0 ? "Alice" : "Bob", 1'200 + 100 * k);
    store(more);
    grown = grown + more;
  }
  EXPECT_THAT(compared(*comparison, grown), HasSubstr("auction 9, sequence 2: the archive has it, the ledger has not"));
}

TEST_F(VerifyArchive, AnAuctionThatGoesOnBeyondTheLedgerIsFound) {
  const std::vector<Record> ledger = ledger_;
  store(one_.bid("Alice", 1'200));
  auto comparison = ArchiveComparison::begin(reader_);
  ASSERT_TRUE(comparison);
  EXPECT_THAT(compared(*comparison, ledger),
              HasSubstr("auction 1, sequence 5: the archive has it, the ledger has not"));
}

TEST_F(VerifyArchive, ALedgerThatIsFurtherIsEqualOnceThatIsStoredToo) {
  auto comparison = ArchiveComparison::begin(reader_);
  ASSERT_TRUE(comparison);
  const auto more = one_.bid("Alice", 1'200);
  EXPECT_EQ(compared(*comparison, ledger_ + more), "missing");
  store(more);
  EXPECT_EQ(compared(*comparison, ledger_), "");
}

}  // namespace
}  // namespace flashbid::testing
