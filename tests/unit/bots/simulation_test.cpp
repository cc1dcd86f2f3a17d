// A simulation against a server of this process: how others look on, stop it and give it up.
#include "bots/simulation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "checker/checker.hpp"
#include "client/url.hpp"
#include "support/live_server.hpp"

namespace flashbid::bots {
namespace {

using std::chrono::milliseconds;

class Counting final : public Observer {
 public:
  [[nodiscard]] std::int64_t period_ms() const override { return 50; }
  void on_start(const Floor&) override { started.set_value(); }
  void on_period(const Floor& floor) override {
    ++periods;
    decided += floor.latency_lately.count();
  }
  void on_end(const Floor& floor) override {
    ++ends;
    decided += floor.latency_lately.count();
  }
  std::promise<void> started;
  int periods = 0;
  int ends = 0;
  std::uint64_t decided = 0;
};

class SimulationRun : public ::testing::Test {
 protected:
  SimulationRun() {
    options_.bots = 20;
    options_.watchers = 4;
    options_.duration = {60'000};
  }
  // Not before the options are as they shall be.
  Simulation& simulation() {
    if (!simulation_) {
      const Endpoint server = live_.address();
      const client::Url url{server.address().to_string(), std::to_string(server.port())};
      simulation_ = std::make_unique<Simulation>(options_, 1, url.authority(), std::vector{server}, looks_on_);
    }
    return *simulation_;
  }
  [[nodiscard]] static std::uint64_t unknown(const Simulation& of) {
    return of.floor().outcomes[static_cast<std::size_t>(checker::Outcome::unknown)];
  }

  test::LiveServer live_;
  Counting looks_on_;
  BotsOptions options_;
  std::unique_ptr<Simulation> simulation_;
};

TEST_F(SimulationRun, StoppedFromElsewhereItIsJudgedAsEver) {
  Simulation& run = simulation();
  std::thread other([&] {
    looks_on_.started.get_future().wait();
    std::this_thread::sleep_for(milliseconds{300});
    live_.gate.close();
    live_.gate.await_arrival();
    run.stop();
    std::this_thread::sleep_for(milliseconds{200});
    live_.gate.open();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = run.run();
  other.join();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds{20'000});
  EXPECT_EQ(run.ending(), Ending::stopped);
  EXPECT_EQ(unknown(run), 0U) << "bids in flight are answered";
  const checker::Report report = check(run.history());
  EXPECT_TRUE(report.clean()) << report.findings.kept().front().sentence;
  EXPECT_GT(report.tally.accepted, 0U);
  EXPECT_GE(looks_on_.periods, 1);
  EXPECT_EQ(looks_on_.ends, 1);
  EXPECT_EQ(looks_on_.decided, report.tally.accepted + report.tally.rejected) << "each is told once";
}

TEST_F(SimulationRun, StoppedBeforeItBeginsNobodyBids) {
  Simulation& run = simulation();
  run.stop();
  const auto outcome = run.run();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_TRUE(run.history().operations.empty());
  EXPECT_TRUE(check(run.history()).clean());
}

TEST_F(SimulationRun, GivenUpItFailsAtOnce) {
  Simulation& run = simulation();
  std::thread other([&] {
    looks_on_.started.get_future().wait();
    run.abandon();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = run.run();
  other.join();
  EXPECT_FALSE(outcome);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds{20'000});
}

TEST_F(SimulationRun, GivenUpBeforeItBeginsItFails) {
  Simulation& run = simulation();
  run.abandon();
  EXPECT_FALSE(run.run());
  EXPECT_TRUE(run.history().operations.empty());
}

TEST_F(SimulationRun, ItEndsWhenItsRecordIsFull) {
  options_.most_bytes = 200'000;
  Simulation& run = simulation();
  const auto outcome = run.run();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(run.ending(), Ending::full);
  const checker::Report report = check(run.history());
  EXPECT_TRUE(report.clean()) << report.findings.kept().front().sentence;
  EXPECT_LT(report.tally.operations, 20'000U);
  EXPECT_GT(report.tally.operations, 0U);
}

TEST_F(SimulationRun, AnAuctionWithMoreHistoryThanIsKeptIsNotBegun) {
  options_.duration = {500};
  options_.auctions = 1;
  ASSERT_TRUE(simulation().run());
  const AuctionId auction = simulation().history().auctions.front().id;
  options_.auction = auction;
  options_.most_bytes = 1'000;
  simulation_.reset();
  looks_on_.started = {};
  const auto outcome = simulation().run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().failure, Failure::unavailable);
  EXPECT_NE(outcome.error().detail.find("events already"), std::string::npos) << outcome.error().detail;
}

}  // namespace
}  // namespace flashbid::bots
