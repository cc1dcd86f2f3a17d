#include "wire/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auction/decide.hpp"
#include "support/auctions.hpp"

namespace flashbid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using support::bid;
using support::bidder;

// CNY, 100.00 then 1.00 up, 1970-01-01T00:00:01Z to 00:00:10Z.
Terms reserved_terms() {
  Terms terms = support::plain_terms();
  terms.reserve = Amount{12'000};
  terms.soft_close = SoftClose{Duration{2'000}, Duration{90'000}, SoftClose::Mode::from_bid, 3};
  return terms;
}

struct Story {
  explicit Story(Terms terms) : terms(std::make_shared<const Terms>(std::move(terms))) {
    for (const Event& event : create(this->terms, this->terms->opens_at)) take(event);
  }
  void play(const Command& command, std::int64_t at) {
    for (const Event& event : decide(auction, command, Timestamp{at}).events) take(event);
  }
  void take(const Event& event) {
    apply(auction, event);
    events.push_back(event);
  }
  [[nodiscard]] std::vector<std::string> sentences(BidderNames names = BidderNames::full) const {
    std::vector<std::string> told;
    for (const Explanation& one : explain(terms, events, Sequence{0}, 100)) {
      told.push_back(why(one, *terms, one.rule == Rule::operator_asked ? bidder("boss") : BidderId{}, names));
    }
    return told;
  }
  SharedTerms terms;
  Auction auction;
  std::vector<Event> events;
};

BidAnswer rejection(Reason reason, const Auction& auction, std::int64_t amount) {
  BidAnswer answer;
  answer.reason = reason;
  answer.bidder = bidder("Bob");
  answer.amount = Amount{amount};
  answer.price = auction.standing_price();
  answer.leader = auction.leader;
  answer.minimum_next = auction.minimum_next();
  answer.closes_at = auction.closes_at;
  answer.as_of_sequence = auction.sequence;
  answer.decided_at = Timestamp{9'000};
  return answer;
}

TEST(ExplanationWords, TellALife) {
  Story story(reserved_terms());
  story.play(bid("Alice", 10'000), 2'500);
  story.play(bid("Bob", 11'000), 8'877);
  story.play(bid("Alice", 12'000), 50'000);
  story.play(Tick{}, 98'877);
  EXPECT_THAT(
      story.sentences(),
      ElementsAre(
          "boss created the auction.", "The moment of its opening, 1970-01-01T00:00:01.000Z, was reached.",
          "Alice bid 100.00 CNY: the first bid had to reach the opening price of 100.00 CNY. It came 7.500 s "
          "before the end, earlier than the last 2 s: the end stayed.",
          "Bob bid 110.00 CNY: at a price of 100.00 CNY the step is 1.00 CNY, so a bid had to reach 101.00 CNY. "
          "It came 1.123 s before the end, within the last 2 s, and moved it.",
          "Bid 4 came 1.123 s before the end, within the last 2 s: by from_bid the end moved from "
          "1970-01-01T00:00:10.000Z to 1970-01-01T00:01:38.877Z, 1 min 30 s after the bid; extension 1 of at "
          "most 3.",
          "Alice bid 120.00 CNY: at a price of 110.00 CNY the step is 1.00 CNY, so a bid had to reach 111.00 "
          "CNY. It came 48.877 s before the end, earlier than the last 2 s: the end stayed.",
          "The end, 1970-01-01T00:01:38.877Z, was reached. Sold to Alice for 120.00 CNY, which meets the "
          "reserve."));
  EXPECT_THAT(story.sentences(BidderNames::masked).back(), HasSubstr("Sold to A***e"));
}

TEST(ExplanationWords, TellWhatWasNotSold) {
  Story below(reserved_terms());
  below.play(bid("Alice", 11'999), 2'000);
  below.play(Tick{}, 10'000);
  EXPECT_EQ(below.sentences().back(),
            "The end, 1970-01-01T00:00:10.000Z, was reached. Not sold: 119.99 CNY is below the reserve.");
  Story nobody(reserved_terms());
  nobody.play(Tick{}, 10'000);
  EXPECT_EQ(nobody.sentences().back(), "The end, 1970-01-01T00:00:10.000Z, was reached. Nobody had bid: not sold.");
  Story off(reserved_terms());
  off.play(Cancel{}, 3'000);
  EXPECT_EQ(off.sentences().back(), "boss called it off.");
}

TEST(ExplanationWords, TellEachReason) {
  Terms terms = reserved_terms();
  terms.amount_limit = Amount{50'000};
  terms.increment = Increment::table({{Amount{20'000}, Amount{300}}, {{}, Amount{500}}}).value();
  Story story(terms);
  const auto told = [&](Reason reason, std::int64_t amount = 10'000) {
    return why(rejection(reason, story.auction, amount), *story.terms, BidderNames::full);
  };
  EXPECT_EQ(told(Reason::amount_below_minimum, 9'999),
            "99.99 CNY is below 100.00 CNY: the first bid has to reach the opening price.");
  story.play(bid("Alice", 10'000), 2'000);
  EXPECT_EQ(told(Reason::not_open_yet), "It opens at 1970-01-01T00:00:01.000Z, and not before.");
  EXPECT_EQ(told(Reason::closed), "It had closed: its end was 1970-01-01T00:00:10.000Z.");
  EXPECT_EQ(told(Reason::cancelled), "It had been called off.");
  EXPECT_EQ(told(Reason::own_auction), "Bob is the seller.");
  EXPECT_EQ(told(Reason::already_leading), "Bob led already, and by its terms a leader does not bid against himself.");
  EXPECT_EQ(told(Reason::amount_below_minimum, 10'299),
            "102.99 CNY is below 103.00 CNY: at a price of 100.00 CNY the step is 3.00 CNY, below 200.00 CNY.");
  EXPECT_EQ(told(Reason::amount_above_limit, 50'001), "500.01 CNY is above the limit of 500.00 CNY.");
}

TEST(EncodeExplained, HasTheNumbersBesideTheWords) {
  Story story(reserved_terms());
  story.play(bid("Alice", 10'000), 9'000);
  ExplainedPage page;
  page.auction = AuctionId{7};
  page.terms = story.terms;
  page.events = explain(story.terms, story.events, Sequence{2}, 100);
  page.actions = {{Sequence{1}, "created", bidder("boss"), Timestamp{1'000}}};
  page.rejections = {rejection(Reason::amount_below_minimum, story.auction, 10'050)};
  page.rejections_since = Timestamp{1'000};
  page.last = Sequence{4};
  std::string json;
  encode_explained(page, BidderNames::full, json);
  EXPECT_EQ(
      json,
      R"({"auction_id":7,"events":[{"sequence":3,"event":"bid_accepted","at":"1970-01-01T00:00:09.000Z","by":"Alice",)"
      R"("rule":"opening_price_reached","before":{"price":null,"leader":null,"minimum_next":10000,)"
      R"("closes_at":"1970-01-01T00:00:10.000Z"},"after":{"price":10000,"leader":"Alice","minimum_next":10100,)"
      R"("closes_at":"1970-01-01T00:00:10.000Z"},"numbers":{"amount":10000,"least":10000,"step":null,"left_ms":1000,)"
      R"("end":"moved"},"why":"Alice bid 100.00 CNY: the first bid had to reach the opening price of 100.00 CNY. It came )"
      R"(1 s before the end, within the last 2 s, and moved it."},{"sequence":4,"event":"extended",)"
      R"("at":"1970-01-01T00:00:09.000Z","by":null,"rule":"soft_close","before":{"price":10000,"leader":"Alice",)"
      R"("minimum_next":10100,"closes_at":"1970-01-01T00:00:10.000Z"},"after":{"price":10000,"leader":"Alice",)"
      R"("minimum_next":10100,"closes_at":"1970-01-01T00:01:39.000Z"},"numbers":{"bid_sequence":3,"left_ms":1000,)"
      R"("extensions":1},"why":"Bid 3 came 1 s before the end, within the last 2 s: by from_bid the end moved from )"
      R"(1970-01-01T00:00:10.000Z to 1970-01-01T00:01:39.000Z, 1 min 30 s after the bid; extension 1 of at most 3."}],)"
      R"("rejections":[{"as_of_sequence":4,"at":"1970-01-01T00:00:09.000Z","by":"Bob","amount":10050,)"
      R"("reason":"amount_below_minimum","price":10000,"leader":"Alice","minimum_next":10100,)"
      R"("closes_at":"1970-01-01T00:01:39.000Z","step":{"step":100,"from":0,"below":null},"why":"100.50 CNY is below )"
      R"(101.00 CNY: at a price of 100.00 CNY the step is 1.00 CNY."}],"rejections_since":"1970-01-01T00:00:01.000Z",)"
      R"("next_after_sequence":4})");
}

}  // namespace
}  // namespace flashbid
