// Many seeds, and that a seed says the same each time. R1 of the reliability contract.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "simulation/plan.hpp"
#include "simulation/shrink.hpp"
#include "simulation/world.hpp"
#include "support/command_count.hpp"

namespace flashbid::simulation {
namespace {

constexpr std::uint64_t blocks = 20;
constexpr std::uint64_t seeds_a_block = 100;

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, KeepEveryInvariant) {
  const std::uint64_t first = support::chosen_seed(1) + GetParam() * seeds_a_block;
  for (std::uint64_t seed = first; seed < first + seeds_a_block; ++seed) {
    const Plan plan = make_plan(seed);
    const Outcome outcome = play(plan);
    ASSERT_TRUE(outcome.violation.empty()) << report(plan, outcome);
  }
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds, testing::Range(std::uint64_t{0}, blocks));

TEST(Simulation, ASeedTellsTheSameStoryEachTime) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome once = play(make_plan(seed));
    const Outcome again = play(make_plan(seed));
    ASSERT_EQ(once.story, again.story) << "seed " << seed;
    ASSERT_EQ(once.hash, again.hash) << "seed " << seed;
    ASSERT_NE(once.hash, play(make_plan(seed + 1)).hash) << "seed " << seed;
  }
}

// Runs that seldom get anywhere would prove little.
TEST(Simulation, ReachesWhatItIsFor) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const auto& [what, count] : play(make_plan(seed)).reached) reached[what] += count;
  }
  for (const auto* what : {"created",
                           "opened",
                           "bid_accepted",
                           "extended",
                           "closed",
                           "cancelled",
                           "not_open_yet",
                           "own_auction",
                           "already_leading",
                           "amount_below_minimum",
                           "amount_above_limit",
                           "same answer again",
                           "key reused",
                           "crash",
                           "crash before a sync, kept",
                           "crash before a sync, lost",
                           "crash after a sync",
                           "failed sync, kept",
                           "failed sync, lost",
                           "no space",
                           "failed read",
                           "moved into history",
                           "stopped",
                           "stopped out of patience",
                           "stopped with batches in flight",
                           "clock set back",
                           "clock set forwards",
                           "continuation",
                           "reset",
                           "stalled watcher cut off"}) {
    EXPECT_GE(reached[what], 5) << what;
  }
}

}  // namespace
}  // namespace flashbid::simulation
