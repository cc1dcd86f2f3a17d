// What one run does, made from its seed before it begins: a list of steps, each with all the chance that it needs. So a
// plan can be played again, and a shorter one be made by leaving steps out. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace flashbid::simulation {

enum class StepKind : std::uint8_t {
  bid,          // somebody bids, with a key or without
  retry,        // an earlier request is sent again, under its key
  reuse_key,    // a key that was used is used for another amount
  create,       // an operator creates one of the plan's auctions
  cancel,       // an operator calls one off
  read,         // somebody reads an auction
  page,         // … a page of its events
  list,         // … the auctions
  actions,      // … what operators did
  watch,        // a watcher connects, or goes on after what it has seen
  leave,        // a watcher goes
  stall,        // a watcher reads no more
  drain,        // a watcher reads what waits for it
  pass_time,    // time passes
  to_boundary,  // time passes until an auction is about to open, to close or to be extended
  set_clock,    // the machine's clock is set, forwards or back
  timer,        // a loop's timer fires, due or not
  no_space,     // the disk has no room for the next writes
  sync_fails,   // the next sync fails
  reads_fail,   // the next reads fail
  slow_disk,    // the next writes take long
  crash,        // the process dies, wherever it is
  stop,         // it is asked to stop, answers those who wait while it has patience, and ends
};
inline constexpr std::size_t step_kinds = 23;

struct Step {
  StepKind kind = StepKind::bid;
  std::uint32_t actor = 0;    // which watcher, or which loop is asked
  std::uint32_t auction = 0;  // which of the plan's auctions
  std::uint64_t dice = 0;     // the seed of whatever else it chooses, and of what runs after it
};

struct Plan {
  std::uint64_t seed = 0;
  std::size_t loops = 1;
  std::size_t auctions = 1;
  std::size_t watchers = 0;
  std::size_t outbox_frames = 8;        // that wait for one watcher before it is cut off
  std::size_t move_slice = 16;          // rows moved at a time
  std::size_t max_unmoved = 1'000'000;  // above it, moving takes turns with appending
  Duration idle_before_moving{10};
  bool timers = true;  // false: no timer fires but by a step
  std::vector<Step> steps;
};

[[nodiscard]] Plan make_plan(std::uint64_t seed);

}  // namespace flashbid::simulation
