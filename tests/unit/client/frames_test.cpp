// What the server says becomes values, what this client says becomes bytes; a newer server is understood as far as it
// goes.
#include "client/frames.hpp"

#include <gtest/gtest.h>

#include "client/reading.hpp"
#include "client/writing.hpp"

namespace flashbid::client {
namespace {

constexpr const char* auction =
    R"({"id":7,"title":"A \"vase\"","description":"","image_url":null,"currency":"CNY","format":"english",)"
    R"("opening_price":100,"increment":{"table":[[1000,10],[null,50]]},"opens_at":"2026-01-31T08:00:00.000Z",)"
    R"("soft_close":{"window_ms":300,"extend_ms":200,"mode":"from_close","max_extensions":3},"seller":"S",)"
    R"("self_outbid":false,"amount_limit":null,"new_member":[1],"state":"open","price":500,"leader":"Alice",)"
    R"("minimum_next":510,"bids":2,"closes_at":"2026-01-31T09:00:00.000Z","extensions":1,"reserve_met":false,)"
    R"("winner":null,"sold":null,"watchers":4,"epoch":2,"sequence":5,"server_time":"2026-01-31T08:30:00.000Z"})";

template <class Made>
Made read(const std::string& text) {
  FrameReader reader;
  Frame frame = reader.read(text);
  EXPECT_TRUE(std::holds_alternative<Made>(frame)) << text;
  return std::holds_alternative<Made>(frame) ? std::get<Made>(std::move(frame)) : Made{};
}

TEST(Frames, ASnapshotIsTheWholeAuction) {
  const Auction read_one = read<SnapshotFrame>(std::string(R"({"type":"snapshot","auction":)") + auction + "}").auction;
  EXPECT_EQ(read_one.id, 7U);
  EXPECT_EQ(read_one.title, "A \"vase\"");
  EXPECT_EQ(std::get<std::vector<IncrementRow>>(read_one.increment),
            (std::vector<IncrementRow>{{1000, 10}, {std::nullopt, 50}}));
  EXPECT_EQ(read_one.soft_close->mode, SoftClose::Mode::from_close);
  EXPECT_EQ(read_one.soft_close->max_extensions, 3U);
  EXPECT_EQ(read_one.seller, "S");
  EXPECT_FALSE(read_one.self_outbid);
  EXPECT_EQ(read_one.state, AuctionState::open);
  EXPECT_EQ(read_one.price, 500);
  EXPECT_EQ(read_one.leader, "Alice");
  EXPECT_EQ(read_one.reserve_met, false);
  EXPECT_FALSE(read_one.sold);
  EXPECT_EQ(read_one.place, (Place{2, 5}));
  EXPECT_EQ(to_text(read_one.closes_at), "2026-01-31T09:00:00.000Z");
}

TEST(Frames, EventsAndAnswersAndErrors) {
  const Event bid =
      read<EventFrame>(R"({"type":"event","auction_id":7,"epoch":2,"sequence":6,"event":"bid_accepted","bidder":"Bob",)"
                       R"("amount":600,"price":600,"leader":"Bob","minimum_next":null,)"
                       R"("closes_at":"2026-01-31T09:00:00.000Z","at":"2026-01-31T08:31:00.000Z"})")
          .event;
  EXPECT_EQ(bid.kind, EventKind::bid_accepted);
  EXPECT_EQ(bid.price, 600);
  EXPECT_FALSE(bid.minimum_next);
  const Event newer = read<EventFrame>(R"({"type":"event","auction_id":7,"epoch":2,"sequence":6,"event":"melted",)"
                                       R"("at":"2026-01-31T08:31:00.000Z"})")
                          .event;
  EXPECT_EQ(newer.kind, EventKind::other);
  const auto error = read<ErrorFrame>(R"({"type":"error","id":"b1","code":"rate_limited","detail":"slower",)"
                                      R"("retry_after_s":3})");
  EXPECT_EQ(error.id, "b1");
  EXPECT_EQ(error.problem.code, "rate_limited");
  EXPECT_EQ(error.problem.retry_after, std::chrono::seconds(3));
  const auto answer = read<BidResultFrame>(
      R"({"type":"bid_result","id":"b2","verdict":"rejected","reason":"too_beautiful","auction_id":7,"price":600,)"
      R"("leader":"Bob","minimum_next":610,"closes_at":"2026-01-31T09:00:00.000Z","as_of_sequence":6,)"
      R"("decided_at":"2026-01-31T08:31:00.000Z"})");
  EXPECT_FALSE(answer.result.accepted());
  EXPECT_EQ(answer.result.reason, Reason::other);
}

TEST(Frames, WhatIsNoneIsPassedOver) {
  FrameReader reader;
  for (
      const char* text :
      {"", "[]", "7", R"({"type":"song"})", R"({"type":"event","auction_id":7,"epoch":2,"event":"opened"})",
       R"({"type":"snapshot","auction":7})", R"({"type":"time","id":"t1","server_time":"noon"})",
       R"({"type":"event","auction_id":7,"epoch":2,"sequence":6,"event":"bid_accepted","at":"2026-01-31T08:31:00.000Z"})"})
    EXPECT_TRUE(std::holds_alternative<std::monostate>(reader.read(text))) << text;
}

TEST(Writing, ABidIsOneWholeRequest) {
  std::string out = "what was there before";
  write_bid_request({7, 10'600, "k1"}, {"house:80", "X-Bidder: Alice\r\n"}, out);
  EXPECT_EQ(out,
            "POST /v1/auctions/7/bids HTTP/1.1\r\nHost: house:80\r\nX-Bidder: Alice\r\nIdempotency-Key: k1\r\n"
            "Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"amount\":10600}");
  write_bid_request({7, 5, {}}, {"house:80", {}}, out);
  EXPECT_EQ(out,
            "POST /v1/auctions/7/bids HTTP/1.1\r\nHost: house:80\r\nContent-Type: application/json\r\n"
            "Content-Length: 12\r\n\r\n{\"amount\":5}");
}

TEST(Writing, TextsAreEscaped) {
  EXPECT_EQ(auth_frame(Token{"a\"b\\c\n"}), R"({"type":"auth","token":"a\"b\\c\u000a"})");
  EXPECT_EQ(bid_frame("b1", {7, 5, "\"k\""}),
            R"({"type":"bid","id":"b1","auction_id":7,"amount":5,"idempotency_key":"\"k\""})");
  EXPECT_EQ(in_query("a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
}

TEST(Writing, AnAuctionSaysWhatIsWantedAndNoMore) {
  NewAuction wanted{.title = "Vase", .currency = "CNY", .opening_price = 100, .closes_at = Time(Milliseconds(0))};
  EXPECT_EQ(auction_body(wanted),
            R"({"title":"Vase","currency":"CNY","opening_price":100,"closes_at":"1970-01-01T00:00:00.000Z"})");
  wanted.increment = std::vector<IncrementRow>{{1000, 10}, {std::nullopt, 50}};
  wanted.soft_close = SoftClose{Milliseconds(300), Milliseconds(200), SoftClose::Mode::from_close, std::nullopt};
  wanted.self_outbid = false;
  EXPECT_EQ(auction_body(wanted),
            R"({"title":"Vase","currency":"CNY","opening_price":100,"closes_at":"1970-01-01T00:00:00.000Z",)"
            R"("increment":{"table":[[1000,10],[null,50]]},)"
            R"("soft_close":{"window_ms":300,"extend_ms":200,"mode":"from_close","max_extensions":null},)"
            R"("self_outbid":false})");
}

}  // namespace
}  // namespace flashbid::client
