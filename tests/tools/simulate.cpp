// script/simulate: plays seeds of tests/simulation. Of one seed it prints the whole story; of many, what the first that
// fails says, or how often each kind of thing happened. Ends with 1 if one fails.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/plan.hpp"
#include "simulation/shrink.hpp"
#include "simulation/world.hpp"

namespace {

using namespace flashbid::simulation;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int tell_one(std::uint64_t seed) {
  const Plan plan = make_plan(seed);
  const Outcome outcome = play(plan);
  for (const std::string& line : outcome.story) fmt::print("{}\n", line);
  fmt::print("\nseed {}: {} steps, {} loops, story {:016x}\n", seed, plan.steps.size(), plan.loops, outcome.hash);
  if (outcome.violation.empty()) return 0;
  fmt::print("\n{}", report(plan, outcome));
  return 1;
}

// `seconds`: no new seed after that; 0 = all of them.
int play_many(std::uint64_t first, std::uint64_t count, std::uint64_t seconds) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + std::chrono::seconds(seconds);
  std::uint64_t played = 0;
  std::uint64_t lines = 0;
  std::map<std::string, std::uint64_t> reached;
  for (; played < count && (seconds == 0 || steady_clock::now() < end); ++played) {
    const Plan plan = make_plan(first + played);
    const Outcome outcome = play(plan);
    lines += outcome.story.size();
    for (const auto& [what, times] : outcome.reached) reached[what] += times;
    if (outcome.violation.empty()) continue;
    fmt::print("{}\n", report(plan, outcome));
    return 1;
  }
  for (const auto& [what, times] : reached) fmt::print("{:>9} {}\n", times, what);
  fmt::print("{} seeds from {}, {} happenings: every invariant held\n", played, first, lines);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto seed = argc > 1 ? number(argv[1]) : std::nullopt;
  const auto count = argc > 2 ? number(argv[2]) : 1;
  const auto seconds = argc > 3 ? number(argv[3]) : 0;
  if (!seed || !count || !seconds || argc > 4) {
    fmt::print(stderr, "usage: simulate SEED [COUNT [SECONDS]]\n");
    return 2;
  }
  return argc == 2 ? tell_one(*seed) : play_many(*seed, *count, *seconds);
}
