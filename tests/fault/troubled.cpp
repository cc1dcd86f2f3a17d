#include "fault/troubled.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fault/house.hpp"
#include "fault/judge.hpp"
#include "fault/length.hpp"
#include "fault/scenario.hpp"

namespace flashbid::fault {
namespace {

class Day {
 public:
  Day(std::uint64_t seed, const Fault& fault) : seed_(seed), fault_(fault) {}

  Troubled run() {
    play_with_fault();
    if (violation_.empty()) heal();
    if (violation_.empty()) cut_power();
    if (!violation_.empty()) {
      outcome_.violation = fmt::format("seed {}, call {}{}: {}: {}", seed_, fault_.at,
                                       fault_.for_ever ? " and all later" : "", outcome_.call, violation_);
    }
    return std::move(outcome_);
  }

 private:
  void play_with_fault() {
    disk_.set_fault(fault_);
    House house(disk_, told_, machine_);
    play(house, seed_);
    outcome_.errors = house.errors();
    outcome_.failed_starts = house.failed_starts();
    violation_ = house.violation();
    const auto failed = std::ranges::find_if(disk_.calls(), [](const RecordedCall& call) { return call.error != 0; });
    if (failed != disk_.calls().end()) outcome_.call = to_text(*failed);
  }

  // The same machine goes on: what its cache shows is what the next process reads.
  void heal() {
    disk_.set_fault(std::nullopt);
    House house(disk_, told_, machine_);
    if (!house.start()) {
      violation_ = house.violation().empty() ? "it does not start any more: " + house.failed_starts().back().detail
                                             : house.violation();
      return;
    }
    remains_.push_back(what_remains());
    check_promises(house, told_, disk_.folder());
    violation_ = house.violation();
    house.die();
    remains_.push_back(what_remains());
  }

  // Right after the start, when it has shown what it has, and after it has taken one more bid.
  void cut_power() {
    // Only a failed sync leaves anything to believe wrongly: the rest of them is for a soak.
    if (!outcome_.call.starts_with("sync") && !all_of_it()) return;
    for (const Remains& remains : remains_) {
      const Judged judged = judge(remains.files, remains.told, machine_.shown_ms);
      if (judged.violation.empty()) continue;
      violation_ = "after the next start the power is cut: " + judged.violation;
      return;
    }
  }

  struct Remains {
    Files files;
    Told told;
  };
  [[nodiscard]] Remains what_remains() const {
    support::Random none(0);
    return {disk_.image().after(Cut::drop, none), told_};
  }

  const std::uint64_t seed_;
  const Fault fault_;
  Told told_;
  simulation::Machine machine_;
  Troubled outcome_;
  std::string violation_;
  std::vector<Remains> remains_;
  RecordedDisk disk_{std::nullopt, [this] { return told_.promise(machine_.shown_ms); }};
};

}  // namespace

Troubled troubled_day(std::uint64_t seed, const Fault& fault) { return Day(seed, fault).run(); }

std::size_t calls_of(std::uint64_t seed, const std::vector<testing::FileCall::Kind>& kinds) {
  const Recording recording = record(seed);
  return static_cast<std::size_t>(std::ranges::count_if(recording.calls, [&](const RecordedCall& recorded) {
    return kinds.empty() || std::ranges::find(kinds, recorded.call.kind) != kinds.end();
  }));
}

}  // namespace flashbid::fault
