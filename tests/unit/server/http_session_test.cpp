#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/served_loop.hpp"

namespace flashbid::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

std::string amount_in(int amount) { return "\"amount\":" + std::to_string(amount) + ","; }

TEST(HttpSession, LateAnswersLeaveInTheOrderOfTheirRequests) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  std::string requests;
  for (int amount = 1; amount <= 20; ++amount) requests += post_bid(amount);
  client.send(requests);
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 20; }));
  // The second half first, each half from its end.
  for (int i = 0; i < 10; ++i)
    served.run_here([](FakeEngine& engine) { engine.answer_bid(engine.waiting.size() - 1); });
  for (int i = 0; i < 10; ++i)
    served.run_here([](FakeEngine& engine) { engine.answer_bid(engine.waiting.size() - 1); });
  for (int amount = 1; amount <= 20; ++amount) {
    const auto response = client.response();
    ASSERT_EQ(response.status, 200);
    ASSERT_THAT(response.body, HasSubstr(amount_in(amount)));
  }
}

TEST(HttpSession, AReadBehindABidWaitsForItsAnswer) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  client.send(post_bid(1) + get("/v1/auctions/1") + post_bid(2));
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  std::this_thread::sleep_for(milliseconds{20});
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.reads + engine.bids; }), 1U);
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_THAT(client.response().body, HasSubstr(amount_in(1)));
  EXPECT_THAT(client.response().body, HasSubstr("\"title\""));
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_THAT(client.response().body, HasSubstr(amount_in(2)));
}

TEST(HttpSession, ReadsNoMoreWhileTooMuchIsUnanswered) {
  ServerLimits limits = quick_limits();
  limits.pipelined = 4;
  ServedLoop served(limits);
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  std::string requests;
  for (int amount = 1; amount <= 100; ++amount) requests += post_bid(amount);
  client.send(requests);
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 4; }));
  std::this_thread::sleep_for(milliseconds{20});
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.bids; }), 4U);
  for (int amount = 1; amount <= 100; ++amount) {
    ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return !engine.waiting.empty(); }));
    served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
    ASSERT_THAT(client.response().body, HasSubstr(amount_in(amount)));
  }
}

TEST(HttpSession, ReadsNoMoreWhileTooMuchIsUnsent) {
  ServerLimits limits = quick_limits();
  limits.output_bytes = 64 * 1024;
  ServedLoop served(limits);
  served.run_here([](FakeEngine& engine) { engine.description = std::string(10'000, 'd'); });
  WireClient client = served.connect(4'096);
  std::string requests;
  constexpr std::size_t count = 3'000;  // 30 MB of answers
  for (std::size_t i = 0; i < count; ++i) requests += get("/v1/auctions/1");
  std::thread sender([&] { client.send(requests); });
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.reads > 6; }));
  std::size_t before = 0;
  std::size_t now = 1;
  while (before != now) {
    before = now;
    std::this_thread::sleep_for(milliseconds{50});
    now = served.run_here([](FakeEngine& engine) { return engine.reads; });
  }
  EXPECT_LT(now, count * 2 / 3) << "the server read on without a reader";
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(client.response().status, 200) << i;
  sender.join();
}

TEST(HttpSession, WhatDoesNotArriveInTimeIs408) {
  ServerLimits limits = quick_limits();
  limits.header = milliseconds{100};
  limits.body = milliseconds{150};
  ServedLoop served(limits);
  WireClient slow_header = served.connect();
  slow_header.send("GET /healthz HTTP/1.1\r\nHo");
  WireClient slow_body = served.connect();
  slow_body.send(post_bid(1, "X: y\r\n").substr(0, post_bid(1, "X: y\r\n").size() - 3));
  for (WireClient* client : {&slow_header, &slow_body}) {
    const auto response = client->response();
    EXPECT_EQ(response.status, 408);
    EXPECT_THAT(response.head, HasSubstr("Connection: close"));
    EXPECT_TRUE(client->ended());
  }
}

TEST(HttpSession, DrippingBytesDoNotBuyTime) {
  ServerLimits limits = quick_limits();
  limits.header = milliseconds{150};
  ServedLoop served(limits);
  WireClient client = served.connect();
  const std::string request = get("/healthz", "X-Long: " + std::string(1'000, 'x') + "\r\n");
  const auto started = std::chrono::steady_clock::now();
  for (const char byte : request) {
    client.send({&byte, 1});
    std::this_thread::sleep_for(milliseconds{2});
    if (std::chrono::steady_clock::now() - started > milliseconds{600}) break;
  }
  EXPECT_EQ(client.response().status, 408);
}

TEST(HttpSession, IdleOnesEndAndThoseThatAreOwedAnAnswerDoNot) {
  ServerLimits limits = quick_limits();
  limits.idle = milliseconds{100};
  ServedLoop served(limits);
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient idle = served.connect();
  WireClient waiting = served.connect();
  waiting.send(post_bid(7));
  EXPECT_TRUE(idle.ended());
  std::this_thread::sleep_for(milliseconds{200});
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_THAT(waiting.response().body, HasSubstr(amount_in(7)));
}

TEST(HttpSession, AfterAFatalErrorTheAnswerCanBeReadWhileTheClientStillSends) {
  ServedLoop served;
  WireClient client = served.connect();
  client.send(get("/healthz") + "nonsense\r\n\r\n" + std::string(32 * 1024, 'x'));
  EXPECT_EQ(client.response().status, 200);
  const auto refusal = client.response();
  EXPECT_EQ(refusal.status, 400);
  EXPECT_THAT(refusal.head, HasSubstr("application/problem+json"));
  std::this_thread::sleep_for(milliseconds{20});
  EXPECT_TRUE(client.send(std::string(16 * 1024, 'x')));
  EXPECT_TRUE(client.ended()) << "the end must come in order, not as a reset";
}

TEST(HttpSession, DrainingEndsInTime) {
  ServerLimits limits = quick_limits();
  limits.drain = milliseconds{100};
  limits.connections = 1;
  ServedLoop served(limits);
  WireClient client = served.connect();
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(client.response().status, 400);
  // The client never closes its side, yet its place becomes free.
  int status = 503;
  for (int i = 0; i < 200 && status != 200; ++i) {
    std::this_thread::sleep_for(milliseconds{5});
    WireClient next = served.connect();
    next.send(get("/healthz"));
    status = next.response().status;
  }
  EXPECT_EQ(status, 200);
}

TEST(HttpSession, DrainingEndsAfterSoManyBytes) {
  ServerLimits limits = quick_limits();
  limits.drain = std::chrono::seconds{60};
  ServedLoop served(limits);
  WireClient client = served.connect();
  client.send("nonsense\r\n\r\n");
  EXPECT_EQ(client.response().status, 400);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  bool cut_off = false;
  while (!cut_off && std::chrono::steady_clock::now() < deadline) cut_off = !client.send(std::string(8'192, 'x'));
  EXPECT_TRUE(cut_off);
}

TEST(HttpSession, AnAnswerForAClientThatHasGoneIsDropped) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  {
    WireClient client = served.connect();
    client.send(post_bid(1) + post_bid(2));
    ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 2; }));
    client.close();
  }
  std::this_thread::sleep_for(milliseconds{20});
  served.run_here([](FakeEngine& engine) { engine.answer_bid(1); });
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  WireClient other = served.connect();
  other.send(get("/healthz"));
  EXPECT_EQ(other.response().status, 200);
}

TEST(HttpSession, AHalfClosedClientGetsItsLateAnswer) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  client.send(post_bid(5));
  client.half_close();
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  std::this_thread::sleep_for(milliseconds{20});
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  const auto response = client.response();
  EXPECT_THAT(response.body, HasSubstr(amount_in(5)));
  EXPECT_THAT(response.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(client.ended());
}

TEST(HttpSession, EngineFailuresAreTheTablesStatuses) {
  ServedLoop served;
  WireClient client = served.connect();
  const std::vector<std::tuple<Failure, int, std::string>> expected = {
      {Failure::unavailable, 503, "unavailable"},
      {Failure::outcome_unknown, 503, "outcome_unknown"},
      {Failure::key_reused, 422, "idempotency_key_reused"},
      {Failure::not_found, 404, "not_found"}};
  for (const auto& [kind, status, code] : expected) {
    served.run_here([failed = kind](FakeEngine& engine) { engine.failure = Error{failed, "why"}; });
    client.send(post_bid(1));
    const auto response = client.response();
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.body, HasSubstr("\"code\":\"" + code + "\""));
    EXPECT_EQ(response.head.find("Retry-After") != std::string::npos, status == 503);
  }
}

TEST(HttpSession, ConnectionsOverTheLimitAre503) {
  ServerLimits limits = quick_limits();
  limits.connections = 2;
  ServedLoop served(limits);
  WireClient one = served.connect();
  WireClient two = served.connect();
  for (WireClient* client : {&one, &two}) {
    client->send(get("/healthz"));
    ASSERT_EQ(client->response().status, 200);
  }
  WireClient three = served.connect();
  const auto response = three.response();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.head, HasSubstr("Retry-After"));
  EXPECT_TRUE(three.ended());
  one.close();
  std::this_thread::sleep_for(milliseconds{50});
  WireClient four = served.connect();
  four.send(get("/healthz"));
  EXPECT_EQ(four.response().status, 200);
}

TEST(HttpSession, StoppingAnswersWhatIsInFlight) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient busy = served.connect();
  busy.send(post_bid(3));
  WireClient idle = served.connect();
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  std::thread stopper([&] { EXPECT_TRUE(served.server().stop(std::chrono::seconds{5})); });
  EXPECT_TRUE(idle.ended());
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  const auto response = busy.response();
  EXPECT_THAT(response.body, HasSubstr(amount_in(3)));
  EXPECT_THAT(response.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(busy.ended());
  stopper.join();
  EXPECT_THROW((void)served.connect(), std::runtime_error);
}

TEST(HttpSession, Metrics) {
  ServedLoop served;
  EXPECT_EQ(served.metric("flashbid_connections{kind=\"http\"}"), 1);
  EXPECT_GE(served.metric("flashbid_http_requests_total"), 2);
  EXPECT_EQ(served.metric("flashbid_bids_total{verdict=\"rejected\",reason=\"amount_below_minimum\"}"), 0);
}

}  // namespace
}  // namespace flashbid::test
