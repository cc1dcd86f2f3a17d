// X-Request-Id: on every answer to a request, whoever sends it, and in errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/served_loop.hpp"

namespace flashbid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string mine = "X-Request-Id: mine.1\r\n";

TEST(RequestIdOfAnswers, EachPipelinedAnswerHasThatOfItsRequest) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  for (int i = 1; i <= 9; ++i) client.send(post_bid(i, "X-Request-Id: bid-" + std::to_string(i) + "\r\n"));
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 9; }));
  for (int i = 0; i < 9; ++i) {
    served.run_here([](FakeEngine& engine) { engine.answer_bid(engine.waiting.size() - 1); });
  }
  for (int i = 1; i <= 9; ++i) {
    EXPECT_THAT(client.response().head, HasSubstr("X-Request-Id: bid-" + std::to_string(i) + "\r\n"));
  }
}

TEST(RequestIdOfAnswers, ErrorsRepeatIt) {
  ServedLoop served;
  WireClient client = served.connect();
  const std::vector<std::string> requests = {get("/v1/auctions/9", mine), get("/nowhere", mine),
                                             get("/v1/auctions/1/cancel", mine),
                                             post("/v1/auctions/1/bids", "{", mine + "X-Bidder: Alice\r\n")};
  for (const std::string& request : requests) {
    client.send(request);
    const auto response = client.response();
    EXPECT_GE(response.status, 400);
    EXPECT_THAT(response.head, HasSubstr(mine));
    EXPECT_THAT(response.body, HasSubstr("\"request_id\":\"mine.1\"")) << request;
  }
  // What is no request, too: it is given a name.
  client.send("GET / HTTP/1.1\r\nHost: a b\r\n" + mine + "\r\nnonsense\r\n\r\n");
  for (int i = 0; i < 2; ++i) {
    const auto response = client.response();
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.head, HasSubstr("X-Request-Id: "));
    EXPECT_THAT(response.body, HasSubstr("\"request_id\":"));
  }
}

TEST(RequestIdOfAnswers, WhatTakesTheConnectionOverHasIt) {
  ServedLoop served;
  const auto head_of = [&](const std::string& request) {
    WireClient client = served.connect();
    client.send(request);
    return client.read_until("\r\n\r\n");
  };
  EXPECT_THAT(head_of(upgrade(mine)), AllOf(HasSubstr(" 101 "), HasSubstr(mine)));
  EXPECT_THAT(head_of(get("/v1/auctions/1/events", "Accept: text/event-stream\r\n" + mine)),
              AllOf(HasSubstr(" 200 "), HasSubstr(mine)));
  EXPECT_THAT(head_of(get("/v1/auctions/1/bids.csv", mine)), AllOf(HasSubstr(" 200 "), HasSubstr(mine)));
  for (const std::string& missing :
       {get("/v1/auctions/9/events", "Accept: text/event-stream\r\n" + mine), get("/v1/auctions/9/bids.csv", mine)}) {
    WireClient client = served.connect();
    client.send(missing);
    const auto response = client.response();
    EXPECT_EQ(response.status, 404);
    EXPECT_THAT(response.head, HasSubstr(mine));
    EXPECT_THAT(response.body, HasSubstr("\"request_id\":\"mine.1\""));
  }
}

TEST(RequestIdOfAnswers, AnotherTextIsNotTakenAndRefusesNothing) {
  ServedLoop served;
  WireClient client = served.connect();
  for (const std::string& wrong :
       {std::string("a b"), std::string("\"><script>"), std::string(65, 'x'), std::string()}) {
    client.send(get("/healthz", "X-Request-Id: " + wrong + "\r\n"));
    const auto response = client.response();
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.head, AllOf(HasSubstr("X-Request-Id: "), Not(HasSubstr("X-Request-Id: " + wrong + "\r\n"))));
  }
  client.send(get("/healthz", mine + "X-Request-Id: of-another-proxy\r\n"));
  EXPECT_THAT(client.response().head, HasSubstr(mine));
}

}  // namespace
}  // namespace flashbid::test
