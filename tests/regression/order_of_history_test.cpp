// A row of `moved` that had changed on the disk, which has no checksum, made the ordered reader leave out an event, or
// tell two in another order, without a word: a relay would have moved them on so (INV-9, INV-12). Found by fault:
// flipped bits in the database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "sqlite/database.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

class OrderOfHistory : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ledger = open_sqlite_ledger({.folder = folder_.path()});
    ASSERT_TRUE(ledger);
    ASSERT_TRUE(recover((*ledger)->writer()));
    AuctionScript one(1);
    ASSERT_TRUE((*ledger)->writer().append(one.create()));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE((*ledger)->writer().append(one.bid("Alice", 1000 + 100 * i)));
    ASSERT_TRUE((*ledger)->writer().move(100));
  }

  Result<OrderedSlice> read_after(const std::string& change) {
    {
      auto db = sqlite::Database::open(folder_.path() / "flashbid.db", SQLITE_OPEN_READWRITE, "");
      EXPECT_TRUE(db && db->run(change.c_str()) == SQLITE_OK);
    }
    auto reader = OrderedReader::open(folder_.path());
    if (!reader) return std::unexpected(reader.error());
    return (*reader)->read(0, 100);
  }

  void expect_said(const std::string& change) {
    const auto read = read_after(change);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().failure, Failure::corrupt);
    EXPECT_THAT(read.error().detail, HasSubstr("the order of history is damaged"));
  }

  TemporaryFolder folder_;
};

TEST_F(OrderOfHistory, IsReadWhole) { EXPECT_EQ(read_after("SELECT 1")->records.size(), 7U); }
TEST_F(OrderOfHistory, ThatNamesNoEventIsSaid) { expect_said("UPDATE moved SET auction = 9 WHERE row = 3"); }
TEST_F(OrderOfHistory, ThatNamesAnEventTwiceIsSaid) { expect_said("UPDATE moved SET sequence = 2 WHERE row = 3"); }

}  // namespace
}  // namespace flashbid::testing
