#include "wire/bidder_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ledger/event_codec.hpp"
#include "support/auctions.hpp"
#include "wire/encode.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::bidder;
using support::plain_terms;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr Timestamp now{2'000};
constexpr BidderNames masked = BidderNames::masked;

template <class Encode>
std::string text_of(Encode encode) {
  std::string out;
  encode(out);
  return out;
}

SharedBytes json_of(EventBody body) {
  auto json = std::make_shared<std::string>();
  encode_event(AuctionId{1}, Epoch{3}, {Sequence{4}, now, std::move(body)}, *json);
  return json;
}

SharedBytes json_of_bid(std::string_view who) {
  return json_of(BidAccepted{bidder(who), Amount{10'600}, Amount{10'600}, bidder(who), Amount{10'700}, now});
}

std::string masked_text(const SharedBytes& json) {
  const auto told = shown(json, masked);
  return told ? **told : told.error().detail;
}

AuctionView view_after_bids(bool closed) {
  Terms terms = plain_terms();
  terms.title = R"(by "bidder":"Alice", ","leader":"Alice" 中文)";
  terms.seller = bidder("Selma");
  Auction auction = support::created(terms, now);
  support::step(auction, bid("Alice", 10'000), now);
  if (closed) support::step(auction, Tick{}, terms.closes_at);
  return {auction, Epoch{3}, 5};
}

TEST(BidderNames, AMaskShowsTheFirstAndTheLastCharacter) {
  const auto text = [](std::string_view name) { return std::string(mask(bidder(name)).view()); };
  EXPECT_EQ(text("Alice"), "A***e");
  EXPECT_EQ(text("Al"), "A***l");
  EXPECT_EQ(text("A"), "A***");
  EXPECT_EQ(text(std::string(64, 'x')), "x***x");
  EXPECT_EQ(text("bidder"), "b***r");
  EXPECT_TRUE(mask(BidderId{}).empty());
  EXPECT_FALSE(parse_bidder_id(text("Alice"))) << "nobody can be called as another's mask";
  EXPECT_EQ(shown(bidder("Alice"), BidderNames::full), bidder("Alice"));
  EXPECT_EQ(shown(bidder("Alice"), masked).view(), "A***e");
}

TEST(BidderNames, AnEventIsMaskedWhereItNamesABidder) {
  EXPECT_EQ(masked_text(json_of_bid("Alice")),
            R"({"auction_id":1,"epoch":3,"sequence":4,"event":"bid_accepted","bidder":"A***e","amount":10600,)"
            R"("price":10600,"leader":"A***e","minimum_next":10700,"closes_at":"1970-01-01T00:00:02.000Z",)"
            R"("at":"1970-01-01T00:00:02.000Z"})");
  // Later formats have another leader than the bidder.
  const auto other =
      json_of(BidAccepted{bidder("Bob"), Amount{10'600}, Amount{10'600}, bidder("Alice"), std::nullopt, now});
  EXPECT_THAT(masked_text(other), HasSubstr(R"("bidder":"B***b",)"));
  EXPECT_THAT(masked_text(other), HasSubstr(R"("leader":"A***e","minimum_next":null)"));
  EXPECT_THAT(masked_text(json_of(Closed{bidder("A"), Amount{5}, true})),
              HasSubstr(R"("event":"closed","winner":"A***","price":5,)"));
  for (const std::string_view name : {"bidder", "leader", "winner", "null", "A:b@c"}) {
    const std::string text = masked_text(json_of_bid(name));
    EXPECT_THAT(text, HasSubstr("\"bidder\":\"" + std::string(mask(bidder(name)).view()) + "\","));
    EXPECT_THAT(text, Not(HasSubstr("\"" + std::string(name) + "\",\"a")));
  }
}

TEST(BidderNames, WhatNamesNoBidderStaysTheSameBytes) {
  const AuctionView view = view_after_bids(false);
  // Encoded again, a reserve would be lost that the text only tells the existence of.
  Terms terms = *view.auction.terms;
  terms.reserve = Amount{777};
  const auto created = json_of(Created{std::make_shared<const Terms>(terms)});
  ASSERT_THAT(*created, HasSubstr(R"("reserve_met":false)"));
  ASSERT_THAT(*created, HasSubstr(R"("title":"by \"bidder\":\"Alice\", \",\"leader\":\"Alice\" 中文")"));
  for (const auto& json : {created, json_of(Opened{}), json_of(Extended{now, 1}), json_of(Cancelled{}),
                           json_of(Closed{{}, std::nullopt, false})}) {
    const auto told = shown(json, masked);
    ASSERT_TRUE(told) << told.error().detail;
    EXPECT_EQ(*told, json);
  }
}

TEST(BidderNames, InFullNothingIsReadOrCopied) {
  const auto no_event = std::make_shared<const std::string>("no event");
  const auto told = shown(no_event, BidderNames::full);
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, no_event);
  EXPECT_FALSE(shown(no_event, masked));
}

TEST(BidderNames, AuctionsAreMaskedAndTheirTextsAreNot) {
  const AuctionView open = view_after_bids(false);
  const std::string text = text_of([&](std::string& out) { encode_auction(open, now, masked, out); });
  EXPECT_THAT(text, HasSubstr(R"("price":10000,"leader":"A***e",)"));
  EXPECT_THAT(text, HasSubstr(R"("title":"by \"bidder\":\"Alice\", \",\"leader\":\"Alice\" 中文")"));
  EXPECT_THAT(text, HasSubstr(R"("seller":"Selma")"));
  const AuctionView closed = view_after_bids(true);
  EXPECT_THAT(text_of([&](std::string& out) { encode_auction(closed, now, masked, out); }),
              HasSubstr(R"("winner":"A***e","sold":true)"));
  const AuctionView untouched{support::created(plain_terms(), now), Epoch{3}, 0};
  const std::string none = text_of([&](std::string& out) { encode_auction(untouched, now, masked, out); });
  EXPECT_THAT(none, HasSubstr(R"("leader":null,)"));
  EXPECT_THAT(none, HasSubstr(R"("winner":null,)"));
}

TEST(BidderNames, EveryPageAndFrameIsMasked) {
  const auto view = std::make_shared<const AuctionView>(view_after_bids(true));
  const auto standing = AllOf(HasSubstr(R"("leader":"A***e")"), HasSubstr(R"("winner":"A***e")"));
  AuctionPage list;
  list.auctions = {*view};
  EXPECT_THAT(text_of([&](std::string& out) { encode_auction_page(list, now, masked, out); }), standing);
  EXPECT_THAT(text_of([&](std::string& out) { encode_snapshot({view, false}, now, masked, out); }), standing);
  EXPECT_THAT(text_of([&](std::string& out) { encode_snapshot({view, true}, now, masked, out); }), standing);
  EXPECT_THAT(text_of([&](std::string& out) { encode_sse_snapshot({view, true}, now, masked, out); }), standing);
  EXPECT_THAT(text_of([&](std::string& out) { encode_state(*view, now, masked, out); }), standing);
  StateUpdate update{view, {}};
  EXPECT_THAT(*websocket_frame_of(update, now, masked), standing);

  const SharedBytes json = json_of_bid("Alice");
  const std::string told = masked_text(json);
  const EventsPage page{{json}, Sequence{4}, Sequence{9}};
  EXPECT_EQ(text_of([&](std::string& out) { EXPECT_TRUE(encode_events_page(page, masked, out)); }),
            R"({"events":[)" + told + R"(],"next_after_sequence":4})");
  EXPECT_THAT(text_of([&](std::string& out) { EXPECT_TRUE(encode_bids_page(page, masked, out)); }),
              HasSubstr(R"({"sequence":4,"bidder":"A***e","amount":10600,)"));
  const EventsPage corrupt{{std::make_shared<const std::string>("no event")}, Sequence{4}, Sequence{9}};
  EXPECT_FALSE(encode_events_page(corrupt, masked, *std::make_unique<std::string>()));

  PublishedEvent event{Sequence{4}, json, {}};
  const SharedBytes frame = websocket_frame_of(event, masked);
  EXPECT_THAT(*frame, EndsWith(R"({"type":"event",)" + told.substr(1)));
  EXPECT_EQ(websocket_frame_of(event, masked), frame) << "masked once for all watchers";
  EXPECT_EQ(*sse_frame_of(event, Epoch{3}, masked), "id: 3-4\ndata: " + told + "\n\n");
}

TEST(BidderNames, AnAnswerNamesItsBidderWholeAndAnotherLeaderMasked) {
  BidAnswer answer;
  answer.auction = AuctionId{1};
  answer.bidder = bidder("Bob");
  answer.leader = bidder("Alice");
  const auto text = [&](BidderNames names) {
    return text_of([&](std::string& out) { encode_bid_answer(answer, names, out); });
  };
  EXPECT_THAT(text(masked), AllOf(HasSubstr(R"("bidder":"Bob")"), HasSubstr(R"("leader":"A***e")")));
  EXPECT_THAT(text(BidderNames::full), HasSubstr(R"("leader":"Alice")"));
  EXPECT_THAT(text_of([&](std::string& out) { encode_bid_result("c", answer, masked, out); }),
              AllOf(HasSubstr(R"("bidder":"Bob")"), HasSubstr(R"("leader":"A***e")")));
  answer.leader = answer.bidder;
  EXPECT_THAT(text(masked), AllOf(HasSubstr(R"("bidder":"Bob")"), HasSubstr(R"("leader":"Bob")")));
  // Another with the same mask is another.
  answer.leader = bidder("Bab");
  EXPECT_THAT(text(masked), HasSubstr(R"("leader":"B***b")"));
  answer.leader = {};
  EXPECT_THAT(text(masked), HasSubstr(R"("leader":null)"));
}

}  // namespace
}  // namespace flashbid
