#include "auction/decide.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::bidder;
using support::created;
using support::plain_terms;
using support::step;

std::string names(const Events& events) {
  std::string text;
  for (const auto& event : events) text += std::string(text.empty() ? "" : " ") + std::string(name_of(event.body));
  return text;
}

TEST(Reason, IsSpelledAsOnTheWire) {
  const std::vector<std::string_view> in_order = {"not_open_yet",      "closed",          "cancelled",
                                                  "own_auction",       "already_leading", "amount_below_minimum",
                                                  "amount_above_limit"};
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    const auto reason = parse_reason(in_order[i]);
    ASSERT_TRUE(reason) << in_order[i];
    EXPECT_EQ(static_cast<std::size_t>(*reason), i + 1) << "stored numbers never change";
    EXPECT_EQ(to_text(*reason), in_order[i]);
  }
  EXPECT_EQ(to_text(Reason::none), "");
  EXPECT_FALSE(parse_reason(""));
  EXPECT_FALSE(parse_reason("none"));
  EXPECT_EQ(to_text(Verdict::accepted), "accepted");
  EXPECT_EQ(to_text(Verdict::rejected), "rejected");
}

TEST(Create, OpensAtOnceIfItsTimeHasCome) {
  const auto terms = std::make_shared<const Terms>(plain_terms());
  EXPECT_EQ(names(create(terms, Timestamp{999})), "created");
  EXPECT_EQ(names(create(terms, Timestamp{1'000})), "created opened");
  EXPECT_EQ(names(create(terms, Timestamp{9'999})), "created opened");
  const Events late = create(terms, Timestamp{10'000});
  EXPECT_EQ(names(late), "created opened closed") << "its end passed while the command was on its way";
  for (std::size_t i = 0; i < late.size(); ++i) {
    EXPECT_EQ(late[i].sequence, Sequence{i + 1});
    EXPECT_EQ(late[i].at, Timestamp{10'000});
  }
}

TEST(Decide, NumbersAndStampsItsEvents) {
  Auction auction = created(plain_terms(), Timestamp{500});
  ASSERT_EQ(auction.sequence, Sequence{1});
  const Decision decision = decide(auction, bid("Alice", 10'000), Timestamp{1'234});
  EXPECT_EQ(names(decision.events), "opened bid_accepted");
  EXPECT_EQ(decision.events[0].sequence, Sequence{2});
  EXPECT_EQ(decision.events[1].sequence, Sequence{3});
  for (const auto& event : decision.events) EXPECT_EQ(event.at, Timestamp{1'234});
}

TEST(Decide, ChangesNothing) {
  const Auction auction = created(plain_terms(), Timestamp{500});
  const Auction before = auction;
  (void)decide(auction, bid("Alice", 10'000), Timestamp{9'000});
  (void)decide(auction, Tick{}, Timestamp{20'000});
  EXPECT_EQ(auction, before);
}

TEST(Decide, ATickOpensAndClosesOnTime) {
  Auction auction = created(plain_terms(), Timestamp{500});
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{999}).events), "");
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{1'000}).events), "opened");
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{9'999}).events), "");
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{10'000}).events), "closed");
  const Decision after = step(auction, Tick{}, Timestamp{20'000});
  EXPECT_EQ(names(after.events), "");
  EXPECT_EQ(after.verdict, Verdict::accepted);
  EXPECT_EQ(after.reason, Reason::none);
}

TEST(Decide, ALateTickOpensAndClosesAtOnce) {
  Auction auction = created(plain_terms(), Timestamp{500});
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{10'000}).events), "opened closed");
  EXPECT_EQ(auction.state, AuctionState::closed);
}

TEST(Decide, NoTimerIsTrusted) {  // INV-7
  Auction auction = created(plain_terms(), Timestamp{500});
  const Decision late = step(auction, bid("Alice", 10'000), Timestamp{10'000});
  EXPECT_EQ(late.verdict, Verdict::rejected);
  EXPECT_EQ(late.reason, Reason::closed);
  EXPECT_EQ(names(late.events), "opened closed") << "the rejection carries the boundaries that it rests on";
}

TEST(Decide, CancelsBeforeAndWhileOpen) {
  Auction scheduled = created(plain_terms(), Timestamp{500});
  EXPECT_EQ(names(step(scheduled, Cancel{}, Timestamp{999}).events), "cancelled");
  EXPECT_EQ(scheduled.state, AuctionState::cancelled);

  Auction open = created(plain_terms(), Timestamp{500});
  EXPECT_EQ(names(step(open, Cancel{}, Timestamp{9'999}).events), "opened cancelled");
  EXPECT_EQ(open.state, AuctionState::cancelled);
}

TEST(Decide, ACancelAfterTheEndComesTooLate) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  const Decision late = step(auction, Cancel{}, Timestamp{10'000});
  EXPECT_EQ(late.verdict, Verdict::rejected);
  EXPECT_EQ(late.reason, Reason::closed);
  EXPECT_EQ(names(late.events), "closed");
  const Decision again = step(auction, Cancel{}, Timestamp{10'001});
  EXPECT_EQ(again.reason, Reason::closed);
  EXPECT_EQ(names(again.events), "");
}

TEST(Decide, ASecondCancelIsRejected) {
  Auction auction = created(plain_terms(), Timestamp{1'000});
  step(auction, Cancel{}, Timestamp{2'000});
  const Decision again = step(auction, Cancel{}, Timestamp{2'000});
  EXPECT_EQ(again.verdict, Verdict::rejected);
  EXPECT_EQ(again.reason, Reason::cancelled);
  EXPECT_TRUE(again.events.empty());
}

TEST(Decide, ACancelledAuctionNeverCloses) {
  Auction auction = created(plain_terms(), Timestamp{500});
  step(auction, Cancel{}, Timestamp{999});
  EXPECT_EQ(names(step(auction, Tick{}, Timestamp{20'000}).events), "");
  const Decision late = step(auction, bid("Alice", 10'000), Timestamp{20'000});
  EXPECT_EQ(late.reason, Reason::cancelled);
  EXPECT_TRUE(late.events.empty());
}

TEST(Decide, ClosesWithTheLeaderIfTheReserveIsMet) {
  Terms terms = plain_terms();
  terms.reserve = Amount{10'100};
  Auction sold = created(terms, Timestamp{1'000});
  step(sold, bid("Alice", 10'100), Timestamp{2'000});
  const auto closing = decide(sold, Tick{}, Timestamp{10'000});
  const auto& closed = std::get<Closed>(closing.events.at(0).body);
  EXPECT_TRUE(closed.sold);
  EXPECT_EQ(closed.winner, bidder("Alice"));
  EXPECT_EQ(closed.price, Amount{10'100});

  Auction unsold = created(terms, Timestamp{1'000});
  step(unsold, bid("Alice", 10'099), Timestamp{2'000});
  const auto short_of_it = decide(unsold, Tick{}, Timestamp{10'000});
  const auto& unsold_close = std::get<Closed>(short_of_it.events.at(0).body);
  EXPECT_FALSE(unsold_close.sold);
  EXPECT_TRUE(unsold_close.winner.empty());
  EXPECT_EQ(unsold_close.price, Amount{10'099});
}

TEST(DecideDeathTest, AnAmountOutOfRangeIsAProgrammersError) {
  const Auction auction = created(plain_terms(), Timestamp{1'000});
  EXPECT_DEATH((void)decide(auction, bid("Alice", -1), Timestamp{2'000}), "amount is between");
  EXPECT_DEATH((void)decide(auction, bid("Alice", max_safe_integer + 1), Timestamp{2'000}), "amount is between");
}

TEST(ApplyDeathTest, RefusesAGapOrARepetition) {
  Auction auction = created(plain_terms(), Timestamp{500});
  EXPECT_DEATH(apply(auction, {Sequence{3}, Timestamp{1'000}, Opened{}}), "in sequence");
  EXPECT_DEATH(apply(auction, {Sequence{1}, Timestamp{1'000}, Opened{}}), "in sequence");
}

}  // namespace
}  // namespace flashbid
