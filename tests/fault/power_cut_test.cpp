// The power fails at every call to the disk, also while the house recovers from that. R2 of the reliability contract.
#include <gtest/gtest.h>

#include <iostream>

#include "fault/judge.hpp"
#include "fault/length.hpp"
#include "fault/scenario.hpp"
#include "support/command_count.hpp"

namespace flashbid::fault {
namespace {

// Nothing goes wrong in it but the power.
Recording quiet_day(std::uint64_t seed) {
  Recording recording = record(seed);
  EXPECT_EQ(recording.violation, "");
  for (const Error& error : recording.errors) ADD_FAILURE() << error.detail;
  return recording;
}

void expect_kept(const Recording& recording, const CutOptions& options) {
  const Cuts cuts = cut_everywhere(recording.calls, DiskImage(), recording.told, options);
  EXPECT_EQ(cuts.violation, "");
  std::cout << recording.calls.size() << " calls, " << cuts.tried << " cuts\n";
}

TEST(PowerCut, AtEveryCallLeavesWhatWasPromised) {
  const std::uint64_t seed = support::chosen_seed(1);
  expect_kept(quiet_day(seed), {.seed = seed, .variants = all_of_it() ? 8 : 1});
}

TEST(PowerCut, WhileRecoveringFromOneLeavesWhatWasPromised) {
  const std::uint64_t seed = support::chosen_seed(2);
  const Recording recording = quiet_day(seed);
  expect_kept(recording, all_of_it()
                             ? CutOptions{.seed = seed, .percent = 25, .again_percent = 25, .percent_again = 100}
                             : CutOptions{.seed = seed, .percent = 4, .again_percent = 30, .percent_again = 25});
}

}  // namespace
}  // namespace flashbid::fault
