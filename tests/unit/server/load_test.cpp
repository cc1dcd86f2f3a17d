// The routes of the load panel, with a port that starts nothing.
#include "server/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <optional>

#include "support/served_loop.hpp"

namespace flashbid::test {
namespace {

using testing::HasSubstr;

// Any thread, as the port says.
class FakeLoad final : public Load {
 public:
  [[nodiscard]] SharedLoadRun run() const override {
    const std::lock_guard lock(mutex_);
    return run_;
  }
  [[nodiscard]] bool take_place() override {
    const std::lock_guard lock(mutex_);
    return !std::exchange(is_taken_, true);
  }
  void leave_place() override {
    const std::lock_guard lock(mutex_);
    is_taken_ = false;
  }
  [[nodiscard]] Result<SharedLoadRun> start(const LoadStart& start) override {
    const std::lock_guard lock(mutex_);
    started_ = start;
    LoadRun run;
    run.state = LoadState::running;
    run.order = start.order;
    run.auction = start.auction;
    run.started_at = start.now;
    run_ = std::make_shared<const LoadRun>(run);
    return run_;
  }
  void stop() override {
    const std::lock_guard lock(mutex_);
    ++stops_;
  }

  [[nodiscard]] std::optional<LoadStart> started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  [[nodiscard]] int stops() const {
    const std::lock_guard lock(mutex_);
    return stops_;
  }

 private:
  mutable std::mutex mutex_;
  SharedLoadRun run_ = std::make_shared<const LoadRun>();
  std::optional<LoadStart> started_;
  bool is_taken_ = false;
  int stops_ = 0;
};

class LoadRoutes : public ::testing::Test {
 protected:
  static ServerOptions options_with(Load* load) {
    ServerOptions options;
    options.load = load;
    return options;
  }
  WireClient::Response ask(const std::string& request) {
    WireClient client = served_.connect();
    client.send(request);
    return client.response();
  }

  FakeLoad load_;
  ServedLoop served_{quick_limits(), options_with(&load_)};
};

TEST_F(LoadRoutes, NothingHasRun) {
  EXPECT_EQ(ask(get("/v1/load")).body, R"({"state":"idle","server_time":"1970-01-01T00:00:02.000Z"})");
  EXPECT_THAT(ask(get("/v1/access")).body, HasSubstr(R"("load":true)"));
}

TEST_F(LoadRoutes, AnAuctionIsMadeForARun) {
  const auto answer = ask(post("/v1/load", R"({"bots":7,"duration_ms":5000,"rate":9})"));
  EXPECT_EQ(answer.status, 202);
  EXPECT_THAT(answer.body, HasSubstr(R"({"state":"running","auction_id":1,"bots":7,"rate":9,"duration_ms":5000,)"));
  ASSERT_TRUE(load_.started());
  EXPECT_TRUE(load_.started()->made_for_it);
  EXPECT_EQ(served_.run_here([](FakeEngine& engine) { return engine.told.size(); }), 1U);
  EXPECT_EQ(load_.started()->now, Timestamp{2'000});
}

TEST_F(LoadRoutes, AnOpenAuctionIsBidOn) {
  EXPECT_EQ(ask(post("/v1/load", R"({"auction_id":1})")).status, 202);
  ASSERT_TRUE(load_.started());
  EXPECT_FALSE(load_.started()->made_for_it);
  EXPECT_EQ(load_.started()->auction, AuctionId{1});
  EXPECT_EQ(served_.run_here([](FakeEngine& engine) { return engine.told.size(); }), 0U);
}

TEST_F(LoadRoutes, OneRunAtATime) {
  EXPECT_EQ(ask(post("/v1/load", "{}")).status, 202);
  const auto second = ask(post("/v1/load", "{}"));
  EXPECT_EQ(second.status, 409);
  EXPECT_THAT(second.body, HasSubstr(R"("code":"load_running")"));
  EXPECT_EQ(served_.run_here([](FakeEngine& engine) { return engine.told.size(); }), 1U)
      << "no auction is made for a run that does not start";
}

TEST_F(LoadRoutes, WhatDoesNotStartLeavesThePlace) {
  EXPECT_EQ(ask(post("/v1/load", R"({"auction_id":2})")).status, 404);
  EXPECT_EQ(ask(post("/v1/load", R"({"bots":0})")).status, 400);
  EXPECT_FALSE(load_.started());
  EXPECT_EQ(ask(post("/v1/load", "{}")).status, 202);
}

TEST_F(LoadRoutes, StoppingTellsTheRun) {
  EXPECT_EQ(ask("POST /v1/load/stop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n").status, 200);
  EXPECT_EQ(ask(post("/v1/load/stop", "{}")).status, 200);
  EXPECT_EQ(load_.stops(), 2);
  EXPECT_EQ(ask(post("/v1/load/stop", R"({"now":true})")).status, 400);
  EXPECT_EQ(load_.stops(), 2);
}

TEST_F(LoadRoutes, OtherMethods) {
  EXPECT_EQ(ask("DELETE /v1/load HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status, 405);
  EXPECT_EQ(ask(get("/v1/load/stop")).status, 405);
  EXPECT_EQ(load_.stops(), 0);
}

TEST(LoadRoutesWithoutBots, SayThatTheyAreNotThere) {
  ServedLoop served;
  for (const std::string& request : {get("/v1/load"), post("/v1/load", "{}"), post("/v1/load/stop", "{}")}) {
    WireClient client = served.connect();
    client.send(request);
    const auto answer = client.response();
    EXPECT_EQ(answer.status, 501);
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"not_implemented")"));
  }
  WireClient client = served.connect();
  client.send(get("/v1/access"));
  EXPECT_THAT(client.response().body, HasSubstr(R"("load":false)"));
}

TEST(LoadRoutesOfAPrivateHouse, AreNotThere) {
  FakeLoad load;
  ServerOptions options;
  options.load = &load;
  options.access.is_private = true;
  ServedLoop served(quick_limits(), options);
  WireClient client = served.connect();
  client.send(get("/v1/load") + get("/v1/access"));
  EXPECT_EQ(client.response().status, 404);
  EXPECT_THAT(client.response().body, HasSubstr(R"("load":false)"));
}

TEST(LoadRun, IsToldWhole) {
  LoadRun run;
  run.state = LoadState::finished;
  run.auction = AuctionId{3};
  run.order.bots = 2;
  run.started_at = Timestamp{1'000};
  run.accepted = 4;
  run.rejected = 5;
  run.refused = 6;
  run.unknown = 7;
  run.bids_per_second = 12.34;
  run.p50_ms = 0.5;
  run.p99_ms = 1.25;
  run.max_ms = 2;
  run.series = {{250, 1, 2, 0.5, 1.5}, {500, 0, 0, std::nullopt, std::nullopt}};
  run.violations = 1;
  run.verdict = "violations";
  run.detail = "a \"bid\" was lost";
  std::string text;
  encode_load_run(run, Timestamp{2'000}, text);
  EXPECT_EQ(text, R"({"state":"finished","auction_id":3,"bots":2,"rate":null,"duration_ms":10000,)"
                  R"("started_at":"1970-01-01T00:00:01.000Z","accepted":4,"rejected":5,"refused":6,"unknown":7,)"
                  R"("bids_per_second":12.3,"latency_ms":{"p50":0.500,"p99":1.250,"max":2.000},)"
                  R"("series":[{"at_ms":250,"accepted":1,"rejected":2,"p50_ms":0.500,"p99_ms":1.500},)"
                  R"({"at_ms":500,"accepted":0,"rejected":0,"p50_ms":null,"p99_ms":null}],)"
                  R"("violations":1,"verdict":"violations","detail":"a \"bid\" was lost",)"
                  R"("server_time":"1970-01-01T00:00:02.000Z"})");
}

}  // namespace
}  // namespace flashbid::test
