#include "simulation/shrink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace flashbid::simulation {
namespace {

// "INV-3" of "INV-3: …".
std::string invariant_of(const std::string& violation) { return violation.substr(0, violation.find(':')); }

class Shrinking {
 public:
  Shrinking(Plan plan, int most_runs)
      : best_(std::move(plan)), runs_left_(most_runs), invariant_(invariant_of(play(best_).violation)) {}

  Plan shortest() {
    for (std::size_t before = 0; before != best_.steps.size() && runs_left_ > 0;) {
      before = best_.steps.size();
      leave_out_steps();
      make_smaller();
    }
    return best_;
  }

 private:
  bool fails(const Plan& plan) {
    if (runs_left_ == 0) return false;
    --runs_left_;
    return invariant_of(play(plan).violation) == invariant_;
  }

  void keep_if_fails(Plan plan) {
    if (fails(plan)) best_ = std::move(plan);
  }

  void leave_out_steps() {
    for (std::size_t length = std::max<std::size_t>(1, best_.steps.size() / 2); length > 0; length /= 2) {
      for (std::size_t end = best_.steps.size(); end > 0; end = end > length ? end - length : 0) {
        if (end > best_.steps.size()) continue;
        Plan shorter = best_;
        const std::size_t first = end > length ? end - length : 0;
        const auto begin = shorter.steps.begin();
        shorter.steps.erase(std::next(begin, static_cast<std::ptrdiff_t>(first)),
                            std::next(begin, static_cast<std::ptrdiff_t>(end)));
        keep_if_fails(std::move(shorter));
      }
    }
  }

  void make_smaller() {
    for (std::size_t Plan::* size : {&Plan::loops, &Plan::watchers}) {
      while (best_.*size > 1) {
        Plan smaller = best_;
        --(smaller.*size);
        if (!fails(smaller)) break;
        best_ = std::move(smaller);
      }
    }
  }

  Plan best_;
  int runs_left_;
  std::string invariant_;
};

}  // namespace

Plan shrink(Plan plan, int most_runs) { return Shrinking(std::move(plan), most_runs).shortest(); }

std::string report(const Plan& plan, const Outcome& outcome) {
  const Plan shortest = shrink(plan);
  const Outcome again = play(shortest);
  std::string text =
      fmt::format("seed {} fails: {}\n  again: script/simulate {}\n", plan.seed, outcome.violation, plan.seed);
  text += fmt::format("the shortest story found ({} of {} steps, {} loops):\n", shortest.steps.size(),
                      plan.steps.size(), shortest.loops);
  for (const std::string& line : again.story) text += "  " + line + "\n";
  return text;
}

}  // namespace flashbid::simulation
