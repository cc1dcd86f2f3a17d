#include "wire/encode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/auctions.hpp"
#include "wire/http_response.hpp"

namespace flashbid {
namespace {

using support::bid;
using support::plain_terms;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr Timestamp now{2'000};

template <class Encode>
std::string text_of(Encode encode) {
  std::string out;
  encode(out);
  return out;
}

AuctionView view_of(const Auction& auction) { return {auction, Epoch{3}, 5}; }

std::string auction_text(const Auction& auction) {
  return text_of([&](std::string& out) { encode_auction(view_of(auction), now, BidderNames::full, out); });
}

const std::string terms_text =
    R"("title":"a vase","currency":"CNY","format":"english","opening_price":10000,"increment":100,)"
    R"("opens_at":"1970-01-01T00:00:01.000Z","soft_close":null,"seller":null,"self_outbid":true,"amount_limit":null,)"
    R"("description":"","image_url":null)";

TEST(Encode, AnAuctionBeforeAnyBid) {
  EXPECT_EQ(auction_text(support::created(plain_terms(), now)),
            R"({"id":1,)" + terms_text +
                R"(,"state":"open","price":null,"leader":null,"minimum_next":10000,"bids":0,)"
                R"("closes_at":"1970-01-01T00:00:10.000Z","extensions":0,"reserve_met":null,"winner":null,"sold":null,)"
                R"("watchers":5,"epoch":3,"sequence":2,"server_time":"1970-01-01T00:00:02.000Z"})");
}

TEST(Encode, AnAuctionHidesItsReserveAndTellsWhetherItIsMet) {
  Terms terms = plain_terms();
  terms.reserve = Amount{10'777};
  Auction auction = support::created(terms, now);
  support::step(auction, bid("Alice", 10'000), now);
  EXPECT_THAT(auction_text(auction), HasSubstr(R"("price":10000,"leader":"Alice","minimum_next":10100,"bids":1,)"));
  EXPECT_THAT(auction_text(auction), HasSubstr(R"("reserve_met":false,)"));
  EXPECT_THAT(auction_text(auction), Not(HasSubstr("10777")));
  EXPECT_THAT(auction_text(auction), Not(HasSubstr("\"reserve\"")));
  support::step(auction, bid("Bob", 10'777), now);
  EXPECT_THAT(auction_text(auction), HasSubstr(R"("reserve_met":true,)"));
}

TEST(Encode, AnAuctionOnceClosed) {
  Auction auction = support::created(plain_terms(), now);
  support::step(auction, bid("Alice", 10'000), now);
  support::step(auction, Tick{}, Timestamp{10'000});
  EXPECT_THAT(auction_text(auction), HasSubstr(R"("winner":"Alice","sold":true,)"));
  Auction unsold = support::created(plain_terms(), now);
  support::step(unsold, Tick{}, Timestamp{10'000});
  EXPECT_THAT(auction_text(unsold), HasSubstr(R"("winner":null,"sold":false,)"));
}

TEST(Encode, APageOfAuctionsNamesItsLastAsTheCursorIfThereAreMore) {
  AuctionPage page;
  const auto text = [&] {
    return text_of([&](std::string& out) { encode_auction_page(page, now, BidderNames::full, out); });
  };
  EXPECT_EQ(text(), R"({"auctions":[],"next_cursor":null})");
  page.auctions = {view_of(support::created(plain_terms(), now)), view_of(support::created(plain_terms(), now))};
  page.auctions.back().auction.id = AuctionId{7};
  EXPECT_THAT(text(), EndsWith(R"(}],"next_cursor":null})"));
  page.more = true;
  EXPECT_THAT(text(), EndsWith(R"(}],"next_cursor":"7"})"));
  EXPECT_THAT(text(), HasSubstr(R"(},{"id":7,)"));
}

SharedBytes shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }
const std::string bid_event =
    R"({"auction_id":1,"epoch":3,"sequence":4,"event":"bid_accepted","bidder":"Alice","amount":10600,"price":10600,)"
    R"("leader":"Alice","minimum_next":10700,"closes_at":"1970-01-01T00:00:10.000Z","at":"1970-01-01T00:00:02.000Z"})";

TEST(Encode, PagesOfEventsAndBids) {
  EventsPage page{{shared(bid_event), shared(bid_event)}, Sequence{4}, Sequence{9}};
  EXPECT_EQ(text_of([&](std::string& out) { EXPECT_TRUE(encode_events_page(page, BidderNames::full, out)); }),
            R"({"events":[)" + bid_event + "," + bid_event + R"(],"next_after_sequence":4})");
  page.events.pop_back();
  EXPECT_EQ(text_of([&](std::string& out) { EXPECT_TRUE(encode_bids_page(page, BidderNames::full, out)); }),
            R"({"bids":[{"sequence":4,"bidder":"Alice","amount":10600,"at":"1970-01-01T00:00:02.000Z"}],)"
            R"("next_after_sequence":4})");
  page.events = {shared("no event")};
  EXPECT_FALSE(encode_bids_page(page, BidderNames::full, *std::make_unique<std::string>()));
}

TEST(Encode, FramesOfAnEventAreItsOneTextAndMadeOnce) {
  PublishedEvent event{Sequence{4}, shared(bid_event), {}};
  const SharedBytes frame = websocket_frame_of(event, BidderNames::full);
  EXPECT_THAT(*frame, EndsWith(R"({"type":"event",)" + bid_event.substr(1)));
  EXPECT_EQ(websocket_frame_of(event, BidderNames::full), frame);
  EXPECT_EQ(*sse_frame_of(event, Epoch{3}, BidderNames::full), "id: 3-4\ndata: " + bid_event + "\n\n");
}

TEST(Encode, SnapshotsResetsAndStates) {
  const auto view = std::make_shared<const AuctionView>(view_of(support::created(plain_terms(), now)));
  const std::string auction = auction_text(view->auction);
  EXPECT_EQ(text_of([&](std::string& out) { encode_snapshot({view, false}, now, BidderNames::full, out); }),
            R"({"type":"snapshot","auction":)" + auction + "}");
  EXPECT_EQ(text_of([&](std::string& out) { encode_snapshot({view, true}, now, BidderNames::full, out); }),
            R"({"type":"reset","auction":)" + auction + "}");
  EXPECT_EQ(text_of([&](std::string& out) { encode_sse_snapshot({view, true}, now, BidderNames::full, out); }),
            "id: 3-2\nevent: reset\ndata: {\"auction\":" + auction + "}\n\n");
  const std::string state = text_of([&](std::string& out) { encode_state(*view, now, BidderNames::full, out); });
  EXPECT_THAT(state, StartsWith(R"({"type":"state","auction_id":1,"state":"open","price":null,)"));
  EXPECT_THAT(state, Not(HasSubstr("title")));
  StateUpdate update{view, {}};
  const SharedBytes frame = websocket_frame_of(update, now, BidderNames::full);
  EXPECT_THAT(*frame, EndsWith(state));
  EXPECT_EQ(websocket_frame_of(update, now, BidderNames::full), frame);
}

TEST(Encode, AnswersOnASocketCarryTheFramesId) {
  BidAnswer answer;
  answer.auction = AuctionId{1};
  answer.reason = Reason::amount_below_minimum;
  answer.bidder = support::bidder("Bob");
  answer.amount = Amount{5};
  answer.minimum_next = Amount{10'000};
  answer.closes_at = Timestamp{10'000};
  answer.as_of_sequence = Sequence{2};
  answer.decided_at = now;
  const std::string rest =
      R"("verdict":"rejected","reason":"amount_below_minimum","auction_id":1,"bidder":"Bob","amount":5,"price":null,)"
      R"("leader":null,"minimum_next":10000,"closes_at":"1970-01-01T00:00:10.000Z","as_of_sequence":2,)"
      R"("decided_at":"1970-01-01T00:00:02.000Z"})";
  EXPECT_EQ(text_of([&](std::string& out) { encode_bid_result("c\"1", answer, BidderNames::full, out); }),
            R"({"type":"bid_result","id":"c\"1",)" + rest);
  EXPECT_EQ(text_of([&](std::string& out) { encode_bid_result("", answer, BidderNames::full, out); }),
            R"({"type":"bid_result",)" + rest);
  EXPECT_EQ(text_of([&](std::string& out) { encode_time("t", now, out); }),
            R"({"type":"time","id":"t","server_time":"1970-01-01T00:00:02.000Z"})");
  EXPECT_EQ(text_of([&](std::string& out) { encode_error("c1", AuctionId{7}, {ErrorCode::not_found, "no"}, out); }),
            R"({"type":"error","id":"c1","auction_id":7,"code":"not_found","detail":"no"})");
  EXPECT_EQ(text_of([&](std::string& out) { encode_error("", {}, {ErrorCode::invalid_json, "a\nb"}, out); }),
            R"({"type":"error","code":"invalid_json","detail":"a\nb"})");
  EXPECT_EQ(text_of([&](std::string& out) { encode_error("", {}, {ErrorCode::rate_limited, "wait", 3}, out); }),
            R"({"type":"error","code":"rate_limited","detail":"wait","retry_after_s":3})");
}

TEST(Encode, DecimalsAreExact) {
  EXPECT_EQ(to_decimal(Amount{0}, 2), "0.00");
  EXPECT_EQ(to_decimal(Amount{5}, 2), "0.05");
  EXPECT_EQ(to_decimal(Amount{10'550}, 2), "105.50");
  EXPECT_EQ(to_decimal(max_amount, 2), "90071992547409.91");
  EXPECT_EQ(to_decimal(Amount{7}, 0), "7");
  EXPECT_EQ(to_decimal(Amount{7}, 3), "0.007");
}

// A response without its Date line.
std::string response(int status, std::string_view type, std::string_view body, const ResponseOptions& options) {
  std::string out;
  append_response(out, status, type, body, options);
  const std::size_t date = out.find("Date: ");
  const std::size_t end = out.find("\r\n", date);
  EXPECT_NE(date, std::string::npos);
  EXPECT_EQ(end - date, 35U) << out;
  return out.erase(date, end + 2 - date);
}

TEST(HttpResponse, AreWrittenWhole) {
  EXPECT_EQ(response(200, json_type, "{}", {}),
            "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}");
  EXPECT_EQ(response(201, json_type, "{}", {.keep_alive = false, .extra_headers = "Location: /a\r\n"}),
            "HTTP/1.1 201 Created\r\nX-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\n"
            "Connection: close\r\nLocation: /a\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(response(200, json_type, "{}", {.without_body = true}),
            "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(response(304, "", "", {}), "HTTP/1.1 304 Not Modified\r\nX-Content-Type-Options: nosniff\r\n\r\n");
}

TEST(HttpResponse, AProblemHasTheFiveMembersAndSaysWhenToRetry) {
  std::string out;
  append_problem(out, {ErrorCode::missing_field, "\"amount\" is required"}, {});
  EXPECT_THAT(out, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(out, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("Retry-After")));
  EXPECT_THAT(out, EndsWith("\r\n\r\n"
                            R"({"type":"/docs/errors#missing_field","title":"A required field is missing",)"
                            R"("status":400,"code":"missing_field","detail":"\"amount\" is required"})"));
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::outcome_unknown, ErrorCode::rate_limited}) {
    std::string later;
    append_problem(later, {code, "x"}, {});
    EXPECT_THAT(later, HasSubstr("\r\nRetry-After: 1\r\n")) << entry_of(code).name;
  }
}

TEST(Errors, EveryStatusHasItsPhrase) {
  for (std::size_t i = 0; i < error_code_count; ++i) {
    const ErrorEntry& entry = entry_of(static_cast<ErrorCode>(i));
    EXPECT_NE(reason_phrase(entry.http_status), "Unknown") << entry.name;
  }
}

TEST(Errors, WhatAClientWroteIsQuotedAsValidUtf8) {
  EXPECT_EQ(quote_excerpt("plain"), "\"plain\"");
  EXPECT_EQ(quote_excerpt(std::string(63, 'a') + "\u4e2d"), "\"" + std::string(63, 'a') + "\"");
  EXPECT_EQ(quote_excerpt(std::string(61, 'a') + "\u4e2d\u4e2d"), "\"" + std::string(61, 'a') + "\u4e2d\"");
  EXPECT_EQ(quote_excerpt("a\xff"), "\"a?\"");
  EXPECT_EQ(quote_excerpt(std::string(100, '\xbf')), "\"\"");
}

}  // namespace
}  // namespace flashbid
