#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "archive/archive_reader.hpp"
#include "archive/archive_writer.hpp"
#include "archive/verify.hpp"
#include "support/auction_script.hpp"
#include "support/postgres_server.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

// Events that come out of a queue, where anything may lie.
class QueuedEvents : public ::testing::Test {
 protected:
  std::vector<ArchiveRefusal> store(const std::vector<Record>& records) {
    if (lease_.token == 0) lease_ = writer_.acquire(0, "one", Duration{60'000}).value().value();
    auto refused = writer_.store_queued(lease_, records, "x");
    EXPECT_TRUE(refused) << refused.error().detail;
    return refused ? std::move(*refused) : std::vector<ArchiveRefusal>{};
  }
  // The bidders of the auction's bids, in order.
  std::string bidders(std::uint64_t auction = 1) {
    std::string text;
    const auto records = reader_.records(AuctionId{auction}, Sequence{0}, 1'000);
    if (!records) return records.error().detail;
    for (const Record& record : *records) {
      const auto decoded = decode_event(*record.payload, record.secret).value();
      if (const auto* bid = std::get_if<BidAccepted>(&decoded.event.body))
        text += std::string(bid->bidder.view()) + " ";
    }
    const auto verified = verify_archive(reader_);
    EXPECT_TRUE(verified) << verified.error().detail;
    return text;
  }
  std::string lost() {
    auto connection = archive::Connection::open(url_, std::chrono::seconds{5}).value();
    return std::string(
        connection.run("SELECT string_agg(payload, ' ' ORDER BY sequence) FROM flashbid.lost")->text(0, 0));
  }

  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  ArchiveWriter writer_{url_};
  ArchiveReader reader_{url_};
  ArchiveLease lease_;
};

TEST_F(QueuedEvents, RepetitionsChangeNothing) {
  AuctionScript one(1);
  const auto all = one.create() + one.bid("Alice", 1'000) + one.bid("Bob", 1'100);
  EXPECT_TRUE(store(all).empty());
  EXPECT_TRUE(store(all).empty());
  const std::vector<Record> last(all.end() - 1, all.end());
  EXPECT_TRUE(store(last + last).empty());
  EXPECT_EQ(bidders(), "Alice Bob ");
}

TEST_F(QueuedEvents, OneThatComesTooEarlyIsRefusedUntilTheOthersAreThere) {
  AuctionScript one(1);
  ASSERT_TRUE(store(one.create()).empty());
  const auto alice = one.bid("Alice", 1'000);
  const auto bob = one.bid("Bob", 1'100);
  AuctionScript two(2);
  const auto refused = store(bob + two.create());
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].record, 0U);
  EXPECT_TRUE(refused[0].early);
  EXPECT_THAT(refused[0].why, HasSubstr("missing"));
  EXPECT_EQ(bidders(), "");
  EXPECT_TRUE(store(alice + bob).empty());
  EXPECT_EQ(bidders(), "Alice Bob ");
}

TEST_F(QueuedEvents, WhatContradictsIsRefusedAndTheRestIsStored) {
  AuctionScript one(1);
  ASSERT_TRUE(store(one.create() + one.bid("Alice", 1'000)).empty());
  AuctionScript other(1);
  const auto created = other.create();
  const auto forged = other.bid("Mallory", 1'000);  // under Alice's key
  auto broken = one.bid("Bob", 1'100);
  const auto good = broken;
  broken[0].payload = std::make_shared<const std::string>(broken[0].payload->substr(0, 60) + "}");
  const auto refused = store(forged + broken + good);
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_THAT(refused[0].why, HasSubstr("another event"));
  EXPECT_FALSE(refused[0].early || refused[1].early);
  EXPECT_EQ(refused[1].record, 1U);
  EXPECT_EQ(bidders(), "Alice Bob ");
}

// A primary that fell had events which its replica lacked, and they lie in the queue before those of the new epoch.
TEST_F(QueuedEvents, WhatAFailoverLostGivesWayToTheLaterEpoch) {
  for (const bool at_once : {true, false}) {
    const std::uint64_t id = at_once ? 1 : 2;
    AuctionScript before(id);
    const auto kept = before.create() + before.bid("Alice", 1'000);
    const auto gone = before.bid("Bob", 1'100, script_start, key_use(Operation::bid, "Bob", "k", "1100")) +
                      before.bid("Carol", 1'200);
    AuctionScript after(id, sample_terms(), Epoch{2});
    after.create();
    after.bid("Alice", 1'000);
    const auto next = after.bid("Dave", 1'100);
    if (at_once) {
      EXPECT_TRUE(store(kept + gone + next).empty());
    } else {
      EXPECT_TRUE(store(kept + gone).empty());
      EXPECT_TRUE(store(next).empty());
    }
    EXPECT_EQ(bidders(id), "Alice Dave ");
    EXPECT_TRUE(store(gone).empty()) << "once more, and known as lost";
    const auto late = store(before.bid("Eve", 1'300));
    ASSERT_EQ(late.size(), 1U) << "lost, and never seen before";
    EXPECT_EQ(bidders(id), "Alice Dave ");
    EXPECT_TRUE(store(after.bid("Frank", 1'200)).empty());
    EXPECT_EQ(bidders(id), "Alice Dave Frank ");
    EXPECT_TRUE(reader_.keys(AuctionId{id})->empty()) << "a key of what was lost";
  }
  EXPECT_THAT(lost(), HasSubstr("Bob"));
  EXPECT_THAT(lost(), HasSubstr("Carol"));
}

}  // namespace
}  // namespace flashbid::testing
