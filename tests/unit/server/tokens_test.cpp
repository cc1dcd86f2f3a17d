// Who asks, on a server without --dev: tokens, roles and origins, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <string>

#include "support/house.hpp"

namespace flashbid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Tokens, ABidIsItsHoldersAndNobodyElses) {
  House house;
  ServedLoop served(quick_limits(), house.options());
  const auto nobody = ask(served, bid(""));
  EXPECT_EQ(nobody.status, 401);
  EXPECT_THAT(nobody.head, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(nobody.body, HasSubstr("\"code\":\"unauthenticated\""));
  // The dev mode's header says nothing here, beside a token neither.
  EXPECT_EQ(ask(served, bid("X-Bidder: Mallory\r\n")).status, 401);
  const auto alice = ask(served, bid(bearer(token("Alice")) + "X-Bidder: Mallory\r\n"));
  EXPECT_EQ(alice.status, 200);
  EXPECT_THAT(alice.body, HasSubstr(R"("bidder":"Alice")"));
  for (const std::string& wrong : {bearer("x.y.z"), bearer(""), std::string("Authorization: Basic QWxpY2U6\r\n"),
                                   bearer(token("Alice") + "A"), bearer(token("Alice", access::Role::bidder, 500))}) {
    EXPECT_EQ(ask(served, bid(wrong)).status, 401) << wrong;
  }
}

TEST(Tokens, OnlyOperatorsOperate) {
  House house;
  ServedLoop served(quick_limits(), house.options());
  const std::string cancel = "/v1/auctions/1/cancel";
  EXPECT_EQ(ask(served, post(cancel, "", "")).status, 401);
  const auto bidder = ask(served, post(cancel, "", bearer(token("Alice"))));
  EXPECT_EQ(bidder.status, 403);
  EXPECT_THAT(bidder.body, HasSubstr("\"code\":\"forbidden\""));
  EXPECT_EQ(ask(served, post("/v1/auctions", "{}", bearer(token("Alice")))).status, 403);
  EXPECT_NE(ask(served, post("/v1/auctions", "{}", bearer(token("Boss", access::Role::operator_)))).status, 403);
}

// The log of the process, kept for a test.
class KeptLog {
 public:
  KeptLog() {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("kept", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
    spdlog::set_pattern("%l %v");
  }
  ~KeptLog() { spdlog::set_default_logger(before_); }
  KeptLog(const KeptLog&) = delete;
  KeptLog& operator=(const KeptLog&) = delete;
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

std::string actions(std::string_view headers) {
  return "GET /v1/auctions/1/actions HTTP/1.1\r\nHost: house.example\r\n" + std::string(headers) + "\r\n";
}
constexpr std::string_view new_auction =
    R"({"title":"A private matter","opening_price":1,"increment":1,"opens_at":"2030-01-01T00:00:00Z",)"
    R"("closes_at":"2030-01-02T00:00:00Z","currency":"CNY"})";

TEST(Tokens, WhoDidWhatIsKeptAndForOperatorsOnly) {
  const KeptLog log;
  House house;
  {
    ServedLoop served(quick_limits(), house.options());
    const auto as_operator = [](std::string_view name) { return bearer(token(name, access::Role::operator_)); };
    EXPECT_EQ(ask(served, post("/v1/auctions/1/cancel", "", bearer(token("Alice")))).status, 403);
    EXPECT_EQ(ask(served, post("/v1/auctions", new_auction, as_operator("boss"))).status, 201);
    EXPECT_EQ(ask(served, post("/v1/auctions/1/cancel", "", as_operator("ops-2"))).status, 200);
    EXPECT_EQ(ask(served, actions("")).status, 401);
    EXPECT_EQ(ask(served, actions("X-Bidder: boss\r\n")).status, 401);
    const auto bidder = ask(served, actions(bearer(token("Alice"))));
    EXPECT_EQ(bidder.status, 403);
    EXPECT_THAT(bidder.body, Not(HasSubstr("boss")));
    const auto told = ask(served, actions(as_operator("anybody")));
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.body, R"({"actions":[{"sequence":1,"action":"created","by":"boss","at":"1970-01-01T00:00:02.000Z"},)"
                         R"({"sequence":3,"action":"cancelled","by":"ops-2","at":"1970-01-01T00:00:02.000Z"}]})");
    const std::string other = "GET /v1/auctions/2/actions HTTP/1.1\r\nHost: house.example\r\n";
    EXPECT_EQ(ask(served, other + as_operator("boss") + "\r\n").status, 404);
    EXPECT_EQ(ask(served, other + "\r\n").status, 401) << "whether there is one is not said either";
    EXPECT_EQ(ask(served, post("/v1/auctions/1/actions", "{}", as_operator("boss"))).status, 405);
  }
  EXPECT_EQ(log.text(), "info operator: created auction 1, by boss\ninfo operator: cancelled auction 1, by ops-2\n");
}

TEST(Tokens, WithDevWhoDidWhatIsWhoTheHeaderSays) {
  const KeptLog log;
  {
    ServedLoop served;
    const auto here = [&](const std::string& request) { return ask(served, request); };
    EXPECT_EQ(here(post("/v1/auctions", new_auction, "X-Bidder: Ann\r\n")).status, 201);
    EXPECT_EQ(here(post("/v1/auctions/1/cancel", "", "")).status, 200);
    EXPECT_THAT(here(get("/v1/auctions/1/actions")).body,
                AllOf(HasSubstr(R"("created","by":"Ann",)"), HasSubstr(R"("cancelled","by":null,)")));
  }
  EXPECT_THAT(log.text(), HasSubstr("cancelled auction 1, by somebody unknown\n"));
}

TEST(Tokens, WhatIsPublicNeedsNoneUnlessTheHouseIsPrivate) {
  House house;
  {
    ServedLoop served(quick_limits(), house.options());
    EXPECT_EQ(ask(served, read("")).status, 200);
    EXPECT_EQ(ask(served, read(bearer("x.y.z"))).status, 401) << "a wrong token is wrong everywhere";
  }
  ServerOptions options = house.options();
  options.access.is_private = true;
  ServedLoop served(quick_limits(), options);
  EXPECT_EQ(ask(served, read("")).status, 401);
  EXPECT_EQ(ask(served, read("Accept: text/event-stream\r\n")).status, 401);
  EXPECT_EQ(ask(served, read(bearer(token("Alice")))).status, 200);
  WireClient stream = open_stream(served);
  stream.send_frame(text, R"({"type":"subscribe","auction_id":1})");
  EXPECT_THAT(stream.frame().payload, AllOf(HasSubstr("error"), HasSubstr("unauthenticated")));
  stream.send_frame(text, auth(token("Alice")));
  stream.send_frame(text, R"({"type":"subscribe","auction_id":1})");
  EXPECT_THAT(stream.frame().payload, StartsWith(R"({"type":"snapshot")"));
}

TEST(Tokens, ASocketIsToldWhoAsksByItsHeaderOrAFrame) {
  House house;
  ServedLoop served(quick_limits(), house.options());
  WireClient by_header = open_stream(served, bearer(token("Alice")));
  by_header.send_frame(text, bid_frame);
  EXPECT_THAT(by_header.frame().payload, AllOf(HasSubstr("bid_result"), HasSubstr(R"("bidder":"Alice")")));
  WireClient by_frame = open_stream(served);
  by_frame.send_frame(text, bid_frame);
  EXPECT_THAT(by_frame.frame().payload, AllOf(HasSubstr("unauthenticated"), HasSubstr(R"("id":"b")")));
  by_frame.send_frame(text, R"({"type":"auth","bidder":"Mallory"})");
  EXPECT_THAT(by_frame.frame().payload, HasSubstr("unauthenticated"));
  by_frame.send_frame(text, auth("x.y.z"));
  EXPECT_THAT(by_frame.frame().payload, HasSubstr("unauthenticated"));
  by_frame.send_frame(text, auth(token("Bob")));
  by_frame.send_frame(text, bid_frame);
  EXPECT_THAT(by_frame.frame().payload, HasSubstr(R"("bidder":"Bob")"));
  EXPECT_EQ(ask(served, upgrade(bearer("x.y.z"))).status, 401);
}

TEST(Tokens, ATokenThatEndsClosesItsSocket) {
  House house;
  ServedLoop served(quick_limits(), house.options());
  WireClient stream = open_stream(served, bearer(token("Alice", access::Role::bidder, now_ms + 1'000)));
  WireClient renewed = open_stream(served, bearer(token("Bob", access::Role::bidder, now_ms + 1'000)));
  WireClient watcher = open_stream(served);
  renewed.send_frame(text, auth(token("Bob")));
  renewed.send_frame(text, R"({"type":"time","id":"t"})");
  EXPECT_THAT(renewed.frame().payload, HasSubstr("time"));
  // As over HTTP, with the leeway.
  served.run_here([](FakeEngine& engine) { engine.time = Timestamp{now_ms + 1'999}; });
  stream.send_frame(text, R"({"type":"time","id":"t"})");
  EXPECT_THAT(stream.frame().payload, HasSubstr("time"));
  served.run_here([](FakeEngine& engine) { engine.time = Timestamp{now_ms + 2'000}; });
  EXPECT_EQ(close_code(stream.frame()), 4401U);
  for (WireClient* stays : {&renewed, &watcher}) {
    stays->send_frame(text, R"({"type":"time","id":"t"})");
    EXPECT_THAT(stays->frame().payload, HasSubstr("time"));
  }
}

TEST(Tokens, AKeyThatIsTakenAwayEndsWhatItLetIn) {
  House house;
  ServerOptions options = house.options();
  options.access.is_private = true;
  ServedLoop served(quick_limits(), options);
  WireClient stream = open_stream(served, bearer(token("Alice")));
  WireClient feed = served.connect();
  feed.send("GET /v1/auctions/1/events HTTP/1.1\r\nHost: house.example\r\nAccept: text/event-stream\r\n" +
            bearer(token("Alice")) + "\r\n");
  EXPECT_THAT(feed.read_until("\r\n\r\n"), HasSubstr("event-stream"));
  EXPECT_THAT(feed.read_until("\n\n"), HasSubstr("snapshot"));
  // The same key among others, and then no more.
  const auto with_keys = [&](std::string_view other) {
    house.keys.replace(std::make_shared<const access::KeySet>(access::KeySet::of_file_text(other).value()));
  };
  with_keys(secret);
  for (int k = 0; k < 3; ++k) {
    stream.send_frame(text, R"({"type":"time","id":"t"})");
    EXPECT_THAT(stream.frame().payload, HasSubstr("time"));
  }
  with_keys("another secret of more than thirty-two bytes, for tests");
  EXPECT_EQ(close_code(stream.frame()), 4401U);
  EXPECT_TRUE(feed.ended());
}

TEST(Tokens, AfterItsKeyIsTakenAwayASocketsNextFrameIsNotHeard) {
  House house;
  ServerLimits limits;
  limits.sweep = std::chrono::hours{1};  // only the frame itself can notice it
  ServedLoop served(limits, house.options());
  WireClient stream = open_stream(served, bearer(token("Alice")));
  house.keys.replace(std::make_shared<const access::KeySet>(
      access::KeySet::of_file_text("another secret of more than thirty-two bytes, for tests").value()));
  stream.send_frame(text, bid_frame);
  EXPECT_EQ(close_code(stream.frame()), 4401U);
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.bids; }), 0U);
}

TEST(Tokens, ThoseThatDoNotCountAreCountedByWhatIsWrong) {
  House house;
  ServerOptions options = house.options();
  options.access.tokens.issuer = "https://house.example";
  ServedLoop served(quick_limits(), options);
  const auto others = access::SigningKey::of_file_text("another secret of more than thirty-two bytes, for tests");
  const std::string forged =
      access::mint(*others, {.subject = *parse_bidder_id("Alice"), .expires = Timestamp{1'000'000}}).value();
  const std::pair<std::string, std::string> wrong[] = {
      {"malformed", "x.y.z"},
      {"unknown_key", "eyJhbGciOiJFZERTQSJ9.e30.AAAA"},  // {"alg":"EdDSA"}
      {"bad_signature", forged},
      {"wrong_claims", token("Alice")},  // of no issuer
      {"expired", token("Alice", access::Role::bidder, 500)},
  };
  const auto counted = [&](const std::string& reason) {
    return served.metric("flashbid_failed_authentications_total{reason=\"" + reason + "\"}");
  };
  for (const auto& [reason, bad] : wrong) {
    EXPECT_EQ(counted(reason), 0) << reason;
    EXPECT_EQ(ask(served, bid(bearer(bad))).status, 401) << reason;
    EXPECT_EQ(counted(reason), 1) << reason;
  }
  EXPECT_EQ(ask(served, bid("")).status, 401);
  EXPECT_EQ(ask(served, bid("Authorization: Basic QWxpY2U6\r\n")).status, 401);
  WireClient stream = open_stream(served);
  stream.send_frame(text, auth(forged));
  EXPECT_THAT(stream.frame().payload, HasSubstr("unauthenticated"));
  EXPECT_EQ(counted("malformed"), 2) << "no token is no wrong one";
  EXPECT_EQ(counted("bad_signature"), 2);
}

TEST(Tokens, PagesOfOtherSitesAskOnlyIfTheyAreNamed) {
  House house;
  ServerOptions options = house.options();
  options.access.origins = {"https://shop.example"};
  ServedLoop served(quick_limits(), options);
  const auto own = ask(served, read("Origin: http://house.example\r\n"));
  EXPECT_EQ(own.status, 200);
  EXPECT_THAT(own.head, Not(HasSubstr("Access-Control")));
  EXPECT_EQ(ask(served, read("Origin: https://house.example\r\n")).status, 200) << "a proxy may speak TLS for us";
  const auto named = ask(served, read("Origin: https://shop.example\r\n"));
  EXPECT_EQ(named.status, 200);
  EXPECT_THAT(named.head, AllOf(HasSubstr("Access-Control-Allow-Origin: https://shop.example\r\n"),
                                HasSubstr("Vary: Origin\r\n"), Not(HasSubstr("Allow-Credentials"))));
  const auto failing = ask(served, bid("Origin: https://shop.example\r\n"));
  EXPECT_EQ(failing.status, 401);
  EXPECT_THAT(failing.head, HasSubstr("Access-Control-Allow-Origin: https://shop.example\r\n"));
  const auto preflight =
      ask(served,
          "OPTIONS /v1/auctions/1/bids HTTP/1.1\r\nHost: house.example\r\nOrigin: https://shop.example\r\n"
          "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_THAT(preflight.head, AllOf(HasSubstr("Access-Control-Allow-Methods: "), HasSubstr("Authorization")));
  for (const char* foreign : {"https://evil.example", "https://shop.example.evil.example", "http://shop.example",
                              "https://shop.example:8443", "null", "", "https://house.example.evil.example"}) {
    const auto response = ask(served, read("Origin: " + std::string(foreign) + "\r\n"));
    EXPECT_EQ(response.status, 403) << foreign;
    EXPECT_THAT(response.head, Not(HasSubstr("Access-Control"))) << foreign;
    EXPECT_EQ(ask(served, upgrade("Origin: " + std::string(foreign) + "\r\n")).status, 403) << foreign;
  }
}

TEST(Tokens, OnlyAGetOpensASocket) {
  House house;
  ServedLoop served(quick_limits(), house.options());
  std::string request = upgrade();
  request.replace(0, 3, "HEAD");
  EXPECT_EQ(ask(served, request).status, 426);
}

}  // namespace
}  // namespace flashbid::test
