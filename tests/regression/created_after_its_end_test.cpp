// An auction whose end had passed when its creation was decided is created, opened and closed at once. The same
// creation asked for again under its key was answered with the state after `opened`: not the answer of the first time
// (INV-8), and a state in the middle of a decision. A Redis rebuilt from its archive kept that as what it answers.
// Found by simulation: "shows auction 105 at event 2, in the middle of a decision".
#include <gtest/gtest.h>

#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

Terms ended_terms() {
  Terms terms = open_terms();
  terms.opens_at = noon - Duration{2'000};
  terms.closes_at = noon;
  return terms;
}

TEST(CreatedAfterItsEnd, IsToldAgainAsTheFirstTime) {
  EngineUnderTest under_test;
  const KeyUse use{Operation::create, *BidderId::from("op"), *IdempotencyKey::from("k"), "body"};
  const auto first = under_test.create(ended_terms(), AuctionId{1}, use);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->auction.state, AuctionState::closed);
  for (const auto* when : {"at once", "after a restart"}) {
    const auto again = under_test.create(ended_terms(), AuctionId{1}, use);
    ASSERT_TRUE(again) << when;
    EXPECT_EQ(again->auction, first->auction) << when;
    under_test.restart();
  }
}

// What a later moment brought is not of the creation.
TEST(CreatedAfterItsEnd, OnlyWhatHappenedAtItsCreationIsOfIt) {
  Terms terms = open_terms();
  terms.closes_at = noon + Duration{1};
  const auto shared = std::make_shared<const Terms>(terms);
  Auction auction;
  auction.id = AuctionId{1};
  std::vector<DecodedEvent> first;
  const auto keep = [&](const Events& events) {
    for (const Event& event : events) {
      apply(auction, event);
      first.push_back({AuctionId{1}, Epoch{1}, event});
    }
  };
  keep(create(shared, noon));
  keep(decide(auction, Tick{}, terms.closes_at).events);
  ASSERT_EQ(first.size(), creation_events);
  const auto born = as_created(AuctionId{1}, first);
  ASSERT_TRUE(born);
  EXPECT_EQ(born->state, AuctionState::open);
  EXPECT_EQ(born->sequence, Sequence{2});
}

}  // namespace
}  // namespace flashbid::test
