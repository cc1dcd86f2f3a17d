#include "ledger/sqlite/ordered_reader.hpp"

#include <gtest/gtest.h>

#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/verify.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

std::unique_ptr<Ledger> open(const TemporaryFolder& folder) {
  auto ledger = open_sqlite_ledger({.folder = folder.path()});
  if (!ledger || !recover((*ledger)->writer())) {
    ADD_FAILURE() << "the ledger cannot be opened";
    return nullptr;
  }
  return std::move(*ledger);
}

// As version 1 left it: without the order of its history.
void make_version_1(const TemporaryFolder& folder) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((folder.path() / "flashbid.db").c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "DROP TABLE moved; PRAGMA user_version = 1", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
}

TEST(OrderedReader, ReadsALedgerThatBeganAsVersion1InOrder) {
  const TemporaryFolder folder;
  AuctionScript one(1);
  AuctionScript two(2);
  auto ledger = open(folder);
  ASSERT_TRUE(ledger);
  ASSERT_TRUE(ledger->writer().append(one.create() + two.create()));
  ASSERT_TRUE(ledger->writer().append(one.bid("Alice", 1000) + two.bid("Bob", 1000) + one.bid("Bob", 1100)));
  ASSERT_TRUE(ledger->writer().move(1000));
  ledger.reset();
  make_version_1(folder);
  EXPECT_FALSE(OrderedReader::open(folder.path())) << "nobody who only reads brings it up";

  ledger = open(folder);
  ASSERT_TRUE(ledger);
  const std::vector<Record> rejected{one.reject("Bob", 10, script_start, key_use(Operation::bid, "Bob", "k", "10"))};
  ASSERT_TRUE(ledger->writer().append(rejected));
  ASSERT_TRUE(ledger->writer().append(two.bid("Alice", 1100)));
  const auto verified = verify_sqlite_ledger(folder.path());
  ASSERT_TRUE(verified) << verified.error().detail;
  const auto reader = OrderedReader::open(folder.path());
  ASSERT_TRUE(reader) << reader.error().detail;
  std::vector<Sequence> last(3);
  std::int64_t position = 0;
  for (int step = 0; step < 10; ++step) {
    const auto slice = (*reader)->read(position, 2);
    ASSERT_TRUE(slice) << slice.error().detail;
    for (const Record& record : slice->records) {
      EXPECT_EQ(record.sequence, last.at(record.auction.value()).next());
      last.at(record.auction.value()) = record.sequence;
    }
    position = slice->position;
  }
  EXPECT_EQ(last[1], one.auction().sequence);
  EXPECT_EQ(last[2], two.auction().sequence);
}

TEST(OrderedReader, SaysThatThereIsNoLedger) {
  const TemporaryFolder folder;
  const auto reader = OrderedReader::open(folder.path());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().failure, Failure::invalid);
}

TEST(OrderedReader, APositionBeyondTheEndIsOfAnotherLedger) {
  const TemporaryFolder folder;
  const auto ledger = open(folder);
  ASSERT_TRUE(ledger);
  ASSERT_TRUE(ledger->writer().append(AuctionScript(1).create()));
  const auto reader = OrderedReader::open(folder.path());
  ASSERT_TRUE(reader) << reader.error().detail;
  EXPECT_TRUE((*reader)->read(2, 10));
  const auto beyond = (*reader)->read(3, 10);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().failure, Failure::corrupt);
}

}  // namespace
}  // namespace flashbid::testing
