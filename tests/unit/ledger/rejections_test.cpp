// The refused bids that history remembers, of both ledgers alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/memory/memory_ledger.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void expect_the_latest_of_each_auction(Ledger& ledger) {
  LedgerWriter& writer = ledger.writer();
  ASSERT_TRUE(recover(writer));
  AuctionScript one(1);
  AuctionScript two(2);
  std::vector<Record> records = one.create();
  const auto add = [&](const std::vector<Record>& more) { records.insert(records.end(), more.begin(), more.end()); };
  add(two.create());
  add(one.bid("Alice", 1000, script_start, key_use(Operation::bid, "Alice", "k", "1000")));
  add(two.bid("Alice", 1000));
  const auto refuse = [&](AuctionScript& auction, std::string_view who, std::int64_t second) {
    add({auction.reject(who, 1000, script_start + Duration{second * 1000}, key_use(Operation::bid, who, "k", "1000"))});
  };
  refuse(one, "Bob", 2);
  refuse(two, "Bob", 1);
  refuse(one, "Carol", 3);
  refuse(one, "Dave", 1);
  ASSERT_TRUE(writer.append(records));

  const auto reader = ledger.reader();
  ASSERT_TRUE(reader);
  const auto told = [&](std::uint64_t auction, std::size_t limit) {
    std::vector<std::string> bidders;
    const auto rejections = (*reader)->rejections(AuctionId{auction}, limit);
    EXPECT_TRUE(rejections);
    for (const StoredRejection& each : *rejections) {
      EXPECT_EQ(each.key.view(), "k");
      EXPECT_EQ(each.answer.reason, Reason::amount_below_minimum);
      bidders.emplace_back(each.answer.bidder.view());
    }
    return bidders;
  };
  EXPECT_THAT(told(1, 9), IsEmpty()) << "none has moved";
  ASSERT_TRUE(writer.move(100));
  EXPECT_THAT(told(1, 9), UnorderedElementsAre("Bob", "Carol", "Dave"));
  EXPECT_THAT(told(1, 2), UnorderedElementsAre("Bob", "Carol"));
  EXPECT_THAT(told(2, 9), ElementsAre("Bob"));
  ASSERT_TRUE(writer.forget_answers(script_start + Duration{602'000}));
  EXPECT_THAT(told(1, 9), ElementsAre("Carol"));
}

TEST(Rejections, TheLatestOfAnAuctionAreToldByTheLedgerInMemory) {
  const auto ledger = open_memory_ledger(make_memory_disk());
  expect_the_latest_of_each_auction(*ledger);
}

TEST(Rejections, TheLatestOfAnAuctionAreToldBySqlite) {
  const TemporaryFolder folder;
  const auto ledger = open_sqlite_ledger({.folder = folder.path()});
  ASSERT_TRUE(ledger);
  expect_the_latest_of_each_auction(**ledger);
}

}  // namespace
}  // namespace flashbid::testing
