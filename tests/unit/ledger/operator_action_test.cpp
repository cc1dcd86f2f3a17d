#include "ledger/operator_action.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/memory/memory_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OperatorAction, AnAuctionHasItsFirstEventAndItsLastIfItWasCalledOff) {
  AuctionScript script(5);
  script.create();
  EXPECT_THAT(action_places(script.auction()), ElementsAre(Sequence{1}));
  script.bid("Alice", 1000);
  EXPECT_THAT(action_places(script.auction()), ElementsAre(Sequence{1}));
  AuctionScript closed = script;
  closed.play(Tick{}, script_start + Duration{3'600'000});
  EXPECT_THAT(action_places(closed.auction()), ElementsAre(Sequence{1}));
  script.play(Cancel{}, script_start);
  EXPECT_THAT(action_places(script.auction()), ElementsAre(Sequence{1}, Sequence{4}));
}

TEST(OperatorAction, IsReadFromTheTextAndTheHiddenPart) {
  Terms terms = sample_terms();
  terms.reserve = Amount{7};
  AuctionScript script(5, terms);
  const auto created = script.create(script_start, key_use(Operation::create, "op", "k", "f"), bidder("boss"));
  const auto read = action_of(*created[0].payload, created[0].secret);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, (OperatorAction{Sequence{1}, "created", bidder("boss"), script_start}));
  EXPECT_EQ(action_of(*created[0].payload, R"({"reserve":7})")->by, BidderId{}) << "as it was before there was `by`";
  EXPECT_EQ(action_of(*created[0].payload, "")->by, BidderId{}) << "an old one without a reserve";
  EXPECT_FALSE(action_of(*created[0].payload, "{}"));
  const auto cancelled = script.play(Cancel{}, script_start, std::nullopt, bidder("ops-2"));
  EXPECT_EQ(action_of(*cancelled[0].payload, cancelled[0].secret).value_or(OperatorAction{}),
            (OperatorAction{Sequence{3}, "cancelled", bidder("ops-2"), script_start}));
  const auto opened = action_of(*created[1].payload, created[1].secret);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("auction 5, sequence 2: opened"));
}

TEST(OperatorAction, AHistoryThatLacksOneIsCorrupt) {
  const auto disk = make_memory_disk();
  const auto ledger = open_memory_ledger(disk);
  ASSERT_TRUE(recover(ledger->writer()));
  AuctionScript script(5);
  ASSERT_TRUE(ledger->writer().append(script.create(script_start, std::nullopt, bidder("boss"))));
  ASSERT_TRUE(ledger->writer().move(100));
  const auto reader = ledger->reader().value();
  const std::vector<Sequence> first{Sequence{1}};
  const auto read = read_actions(*reader, AuctionId{5}, first);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->front().by, bidder("boss"));
  const std::vector<Sequence> lacking{Sequence{1}, Sequence{3}};
  EXPECT_EQ(read_actions(*reader, AuctionId{5}, lacking).error().failure, Failure::corrupt);
  EXPECT_EQ(read_actions(*reader, AuctionId{6}, first).error().failure, Failure::corrupt);
}

TEST(OperatorAction, IsNotReadFromWhatIsDamaged) {
  const Record created = AuctionScript(5).create()[0];
  EXPECT_TRUE(action_of(*created.payload, ""));
  EXPECT_EQ(action_of("{}", "").error().failure, Failure::corrupt);
  EXPECT_EQ(action_of(*created.payload, "{}").error().failure, Failure::corrupt);
}

}  // namespace
}  // namespace flashbid::testing
