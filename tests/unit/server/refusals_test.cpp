// How much one client may have, on a server without --dev: rate limits, connections, what waits, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <deque>
#include <string>
#include <vector>

#include "support/house.hpp"

namespace flashbid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A limiter whose verdict the test says.
class SaidLimits final : public RateLimiter {
 public:
  std::optional<LimitDecision> admit_at_once(const Claim& claim) override {
    claims.push_back(claim);
    if (asks) return std::nullopt;
    return verdict;
  }
  void ask(const Claim&, Executor& loop, Done done) override {
    if (holds) return held.push_back(std::move(done));
    loop.post([this, done = std::move(done)]() mutable { done(verdict); });
  }
  LimitDecision verdict;
  bool asks = false;
  bool holds = false;  // answers wait here
  std::deque<Done> held;
  std::deque<Claim> claims;
};
const LimitDecision refused{
    .verdict = LimitDecision::Verdict::refused, .by = LimitedBy::bidder, .retry_after_us = 2'500'000};

TEST(Refusals, WhatTheLimitsRefuseIs429WithAPause) {
  House house;
  SaidLimits limits;
  ServerOptions options = house.options();
  options.access.limits = &limits;
  ServedLoop served(quick_limits(), options);
  const std::string headers = bearer(token("Alice"));
  for (const bool asks : {false, true}) {
    limits.asks = asks;
    limits.verdict = {};
    EXPECT_EQ(ask(served, bid(headers)).status, 200);
    limits.verdict = refused;
    const auto response = ask(served, bid(headers));
    EXPECT_EQ(response.status, 429);
    EXPECT_THAT(response.head, HasSubstr("Retry-After: 3\r\n"));
    EXPECT_THAT(response.body, HasSubstr("rate_limited"));
    limits.verdict = {.verdict = LimitDecision::Verdict::unavailable, .why = "Redis is away"};
    EXPECT_EQ(ask(served, bid(headers)).status, 503);
  }
  limits.verdict.verdict = LimitDecision::Verdict::refused;
  for (const LimitedBy by : {LimitedBy::address, LimitedBy::auction, LimitedBy::auction}) {
    limits.verdict.by = by;
    EXPECT_EQ(ask(served, bid(headers)).status, 429);
  }
  EXPECT_EQ(served.metric(R"(flashbid_refused_requests_total{limit="bidder"})"), 2) << "at once, and after asking";
  EXPECT_EQ(served.metric(R"(flashbid_refused_requests_total{limit="address"})"), 1);
  EXPECT_EQ(served.metric(R"(flashbid_refused_requests_total{limit="auction"})"), 2);
  EXPECT_EQ(limits.claims.front().bidder.view(), "Alice");
  EXPECT_EQ(to_text(limits.claims.front().address), "127.0.0.1");
  EXPECT_EQ(limits.claims.front().auction, AuctionId{1});
  EXPECT_FALSE(limits.claims.front().is_operator);
}

TEST(Refusals, WhoGoesOnAfterRefusalsIsSentAway) {
  House house;
  SaidLimits limits;
  limits.verdict = refused;
  ServerOptions options = house.options();
  options.access.limits = &limits;
  ServerLimits bounds = quick_limits();
  bounds.refusals_in_a_row = 3;
  ServedLoop served(bounds, options);
  WireClient stream = open_stream(served, bearer(token("Alice")));
  const auto bid_and_get = [&] {
    stream.send_frame(text, bid_frame);
    return stream.frame();
  };
  for (int k = 0; k < 2; ++k) EXPECT_THAT(bid_and_get().payload, HasSubstr("rate_limited"));
  served.run_here([&](FakeEngine&) { limits.verdict = {}; });
  EXPECT_THAT(bid_and_get().payload, HasSubstr("bid_result"));
  served.run_here([&](FakeEngine&) { limits.verdict = refused; });
  for (int k = 0; k < 3; ++k) EXPECT_THAT(bid_and_get().payload, HasSubstr("rate_limited"));
  EXPECT_EQ(close_code(stream.frame()), 4429U);
}

TEST(Refusals, ManyWrongOnesOfOneAddressAre429AndARightOneIsNot) {
  House house;
  FailedAuthentications failures(Rate{.limit = 1, .period_us = hour_us, .burst = 3});
  ServerOptions options = house.options();
  options.access.failures = &failures;
  ServedLoop served(quick_limits(), options);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(ask(served, bid(bearer("x.y.z"))).status, 401);
  const auto response = ask(served, bid(bearer("x.y.z")));
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.head, AllOf(HasSubstr("Retry-After: "), HasSubstr("Connection: close")))
      << "each costs a signature";
  EXPECT_EQ(ask(served, bid("Authorization: Basic QWxpY2U6\r\n")).status, 429) << "is a wrong one, too";
  EXPECT_EQ(ask(served, bid(bearer(token("Alice")))).status, 200);
  EXPECT_EQ(ask(served, bid("")).status, 401) << "nothing was tried";
  WireClient stream = open_stream(served);
  stream.send_frame(text, auth("x.y.z"));
  EXPECT_THAT(stream.frame().payload, HasSubstr("rate_limited"));
  EXPECT_EQ(close_code(stream.frame()), 4429U);
  EXPECT_EQ(served.metric(R"(flashbid_refused_requests_total{limit="failed_authentications"})"), 3);
  EXPECT_EQ(served.metric(R"(flashbid_failed_authentications_total{reason="malformed"})"), 6) << "also those";
}

TEST(Refusals, BehindATrustedProxyTheClientCounts) {
  House house;
  SaidLimits limits;
  ServerOptions options = house.options();
  options.access.limits = &limits;
  const std::string request = bid(bearer(token("Alice")) + "X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\n");
  {
    ServedLoop served(quick_limits(), options);
    EXPECT_EQ(ask(served, request).status, 200);
  }
  options.access.trusted_proxies = parse_networks("127.0.0.0/8,203.0.113.9").value();
  ServedLoop served(quick_limits(), options);
  EXPECT_EQ(ask(served, request).status, 200);
  EXPECT_EQ(
      ask(served, bid(bearer(token("Alice")) + "X-Forwarded-For: 198.51.100.8\r\nX-Forwarded-For: 203.0.113.9\r\n"))
          .status,
      200);
  std::vector<std::string> seen;
  for (const Claim& claim : limits.claims) seen.push_back(to_text(claim.address));
  EXPECT_THAT(seen, testing::ElementsAre("127.0.0.1", "198.51.100.7", "198.51.100.8"));
}

TEST(Refusals, OneAddressHasSoManyConnectionsAndGetsThemBack) {
  House house;
  ServerLimits bounds = quick_limits();
  bounds.connections_per_address = 2;
  ServedLoop served(bounds, house.options());
  WireClient stream = open_stream(served);  // handed over, and still one
  {
    WireClient second = served.connect();
    second.send(read(""));
    EXPECT_EQ(second.response().status, 200);
    // It is told, also while it is still writing.
    WireClient third = served.connect();
    served.run_here([](FakeEngine&) {});
    for (const char* piece : {"GET /v1/auctions/1 HTTP/1.1\r\n", "Host: house.example\r\n", "\r\n"}) {
      EXPECT_TRUE(third.send(piece));
      served.run_here([](FakeEngine&) {});
    }
    EXPECT_EQ(third.response().status, 429);
  }
  for (int k = 0; k < 5; ++k) {
    WireClient again = served.connect();
    again.send(read(""));
    int status = again.response().status;
    for (int turn = 0; status == 429 && turn < 1'000; ++turn) {  // until the server has seen the last one go
      WireClient later = served.connect();
      later.send(read(""));
      status = later.response().status;
    }
    EXPECT_EQ(status, 200);
  }
  double refused_connections = -1;
  for (int turn = 0; refused_connections < 0 && turn < 1'000; ++turn) {
    refused_connections = served.metric(R"(flashbid_refused_connections_total{limit="connections_per_address"})");
  }
  EXPECT_GE(refused_connections, 1);
}

TEST(Refusals, WhoBreaksOffGivesItsPlaceBackThoughItsBidStillWaits) {
  House house;
  ServerLimits bounds = quick_limits();
  bounds.connections_per_address = 1;
  ServedLoop served(bounds, house.options());
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient gone = served.connect();
  gone.send(bid(bearer(token("Alice"))));
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  EXPECT_EQ(ask(served, read("")).status, 429);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(gone.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  gone.close();
  int status = 429;
  for (int turn = 0; status == 429 && turn < 1'000; ++turn) {  // until the server has seen it go
    status = ask(served, read("")).status;
  }
  EXPECT_EQ(status, 200);
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
}

TEST(Refusals, BidsThatTheLimitsKeepWaitingCountAsWaiting) {
  House house;
  SaidLimits limits;
  limits.asks = limits.holds = true;
  ServerOptions options = house.options();
  options.access.limits = &limits;
  ServerLimits bounds = quick_limits();
  bounds.bids_waiting = 1;
  ServedLoop served(bounds, options);
  const std::string request = bid(bearer(token("Alice")));
  WireClient first = served.connect();
  first.send(request);
  ASSERT_TRUE(served.wait_until([&](FakeEngine&) { return limits.held.size() == 1; }));
  EXPECT_EQ(ask(served, request).status, 503);
  served.run_here([&](FakeEngine&) {
    limits.holds = false;
    limits.held.front()(refused);
    limits.held.clear();
  });
  EXPECT_EQ(first.response().status, 429);
  EXPECT_EQ(ask(served, request).status, 200);
  // A socket's as well.
  served.run_here([&](FakeEngine&) { limits.holds = true; });
  WireClient stream = open_stream(served, bearer(token("Alice")));
  stream.send_frame(text, bid_frame);
  ASSERT_TRUE(served.wait_until([&](FakeEngine&) { return limits.held.size() == 1; }));
  EXPECT_EQ(ask(served, request).status, 503);
  served.run_here([&](FakeEngine&) {
    limits.held.front()({});
    limits.held.clear();
  });
  EXPECT_THAT(stream.frame().payload, HasSubstr("bid_result"));
}

TEST(Refusals, TheDemosRoutesAreLimitedAndNotThereInPrivate) {
  SaidLimits limits;
  limits.verdict = refused;
  ServerOptions options;
  options.access.limits = &limits;
  const std::string body = R"({"item_id":1,"user_id":"Alice","amount":105.5})";
  const std::string demo_bid =
      "POST /bid HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  {
    ServedLoop served(quick_limits(), options);
    EXPECT_EQ(ask(served, demo_bid).status, 429);
    EXPECT_EQ(ask(served, get("/item/1")).status, 200);
  }
  {
    limits.asks = limits.holds = true;
    ServerLimits bounds = quick_limits();
    bounds.bids_waiting = 1;
    ServedLoop served(bounds, options);
    WireClient first = served.connect();
    first.send(demo_bid);
    ASSERT_TRUE(served.wait_until([&](FakeEngine&) { return limits.held.size() == 1; }));
    EXPECT_EQ(ask(served, demo_bid).status, 503) << "one waits for the limits already";
    served.run_here([&](FakeEngine&) {
      limits.held.front()(refused);
      limits.held.clear();
    });
    EXPECT_EQ(first.response().status, 429);
  }
  options.access.is_private = true;
  ServedLoop served(quick_limits(), options);
  EXPECT_EQ(ask(served, demo_bid).status, 404);
  EXPECT_EQ(ask(served, get("/item/1")).status, 404);
}

TEST(Refusals, BidsBeyondWhatCanWaitAreRefusedAtOnce) {
  House house;
  ServerLimits bounds = quick_limits();
  bounds.bids_waiting = 2;
  ServedLoop served(bounds, house.options());
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  const std::string request = bid(bearer(token("Alice")));
  WireClient first = served.connect();
  WireClient second = served.connect();
  first.send(request);
  second.send(request);
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 2; }));
  const auto third = ask(served, request);
  EXPECT_EQ(third.status, 503);
  EXPECT_THAT(third.head, HasSubstr("Retry-After: "));
  EXPECT_THAT(third.body, HasSubstr("\"code\":\"unavailable\""));
  WireClient stream = open_stream(served, bearer(token("Alice")));
  stream.send_frame(text, bid_frame);
  EXPECT_THAT(stream.frame().payload, AllOf(HasSubstr("unavailable"), HasSubstr(R"("id":"b")")));
  EXPECT_EQ(served.metric(R"(flashbid_refused_requests_total{limit="waiting_bids"})"), 2);
  served.run_here([](FakeEngine& engine) {
    engine.answer_bid(0);
    engine.answer_at_once = true;
  });
  EXPECT_EQ(first.response().status, 200);
  EXPECT_EQ(ask(served, request).status, 200);
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_EQ(second.response().status, 200);
}

}  // namespace
}  // namespace flashbid::test
