#include "simulation/plan.hpp"

#include <algorithm>
#include <array>

#include "support/random.hpp"

namespace flashbid::simulation {
namespace {

using support::Random;

struct Weight {
  StepKind kind;
  int weight;
  int absent_percent;  // of the plans that have none of it
};

constexpr std::array<Weight, step_kinds> weights{
    {{StepKind::bid, 400, 0},        {StepKind::retry, 90, 20},      {StepKind::reuse_key, 20, 30},
     {StepKind::create, 50, 0},      {StepKind::cancel, 12, 30},     {StepKind::read, 30, 20},
     {StepKind::page, 40, 20},       {StepKind::list, 15, 40},       {StepKind::actions, 10, 40},
     {StepKind::watch, 70, 10},      {StepKind::leave, 15, 30},      {StepKind::stall, 50, 20},
     {StepKind::drain, 20, 10},      {StepKind::pass_time, 60, 10},  {StepKind::to_boundary, 40, 30},
     {StepKind::set_clock, 12, 50},  {StepKind::timer, 30, 30},      {StepKind::no_space, 20, 50},
     {StepKind::sync_fails, 10, 50}, {StepKind::reads_fail, 12, 60}, {StepKind::slow_disk, 20, 40},
     {StepKind::crash, 20, 30},      {StepKind::stop, 20, 30}}};

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Random random(seed * 0x9e3779b97f4a7c15 + 1);
  const auto size = [&random](std::int64_t first, std::int64_t last) {
    return static_cast<std::size_t>(random.between(first, last));
  };
  Plan plan;
  plan.seed = seed;
  plan.loops = size(1, 4);
  plan.auctions = size(1, 4);
  plan.watchers = size(0, 5);
  plan.outbox_frames = size(1, 3);
  plan.move_slice = random.one_of<std::size_t>({1, 3, 16, 256});
  plan.max_unmoved = random.one_of<std::size_t>({3, 30, 1'000'000});
  plan.idle_before_moving = Duration{random.one_of({1L, 20L, 250L})};
  plan.timers = random.percent(70);

  // Some plans lack some kinds of steps: what is rare among all is common in a few.
  std::vector<StepKind> bag;
  for (const auto& [kind, weight, absent_percent] : weights) {
    if (!random.percent(absent_percent)) bag.insert(bag.end(), static_cast<std::size_t>(weight), kind);
  }
  const std::size_t length = std::min({size(50, 300), size(50, 300), size(50, 300)});
  for (std::size_t i = 0; i < length; ++i) {
    Step step;
    step.kind = i < plan.auctions ? StepKind::create : bag[static_cast<std::size_t>(random.below(std::ssize(bag)))];
    const auto auctions = static_cast<std::int64_t>(plan.auctions);
    const auto picked =
        i < plan.auctions ? static_cast<std::int64_t>(i) : std::min(random.below(auctions), random.below(auctions));
    step.auction = static_cast<std::uint32_t>(picked);
    step.actor = static_cast<std::uint32_t>(random.below(64));
    step.dice = random.next();
    plan.steps.push_back(step);
  }
  return plan;
}

}  // namespace flashbid::simulation
