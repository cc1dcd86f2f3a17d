// What everybody in one run shares: the story, the truth, the machine, and the process that runs now. One thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "differential/oracle_terms.hpp"
#include "engine/embedded/embedded_engine.hpp"
#include "simulation/disk.hpp"
#include "simulation/loop.hpp"
#include "simulation/plan.hpp"
#include "simulation/recording.hpp"
#include "simulation/truth.hpp"

namespace flashbid::simulation {

struct Stage {
  explicit Stage(const Plan& made) : plan(made), loops(made.loops), ids(made.auctions) {}

  const Plan& plan;
  Story story;
  Machine machine;
  Truth truth{story};
  Disk disk{truth, story};
  Recording recording;
  std::vector<SimulatedLoop> loops;

  // The process that runs now.
  int life = 0;
  std::unique_ptr<SimulatedClock> clock;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<EmbeddedEngine> engine;

  std::vector<AuctionId> ids;          // of the plan's auctions; 0 = nobody was told yet
  std::map<AuctionId, Sequence> told;  // the newest that anybody was told of, in any life

  [[nodiscard]] Timestamp now() { return clock->now(); }
  // The plan's auction, or a guess if nobody knows its id.
  [[nodiscard]] AuctionId id_of(std::size_t auction) const {
    return ids[auction] == AuctionId{0} ? AuctionId{auction + 1} : ids[auction];
  }
  [[nodiscard]] Sequence told_of(AuctionId id) const {
    const auto found = told.find(id);
    return found == told.end() ? Sequence{0} : found->second;
  }
  void tell_of(AuctionId id, Sequence sequence) { told[id] = std::max(told[id], sequence); }
  // On loop k: what comes from outside.
  template <class Call>
  void at_loop(std::size_t k, Call call) {
    loops[k].run([&] { call(engine->on_loop(k)); });
  }

  // A whole state that somebody was told: durable, and what the rules make of the events up to it (INV-2, 3).
  void expect_view(std::string_view whose, const AuctionView& view) {
    const AuctionId id = view.auction.id;
    const Sequence sequence = view.auction.sequence;
    const auto place = fmt::format("{} shows auction {} at event {}", whose, id.value(), sequence.value());
    if (sequence > truth.newest(id)) return story.violated("INV-3: " + place + ", which is not durable");
    const naive::Auction* state = truth.state(id, sequence);
    if (state == nullptr) return story.violated("INV-3: " + place + ", in the middle of a decision");
    if (differential::oracle_view(view.auction) != state->view()) {
      return story.violated("INV-2: " + place + " otherwise than its events make it");
    }
    story.expect(view.epoch == disk.epoch, "INV-10: " + place + " under another epoch than the ledger's");
    tell_of(id, sequence);
  }

  // Whether a refusal for want of the ledger has a reason in this process.
  void expect_reason(std::string_view whose, const Error& error) {
    const bool unknown = error.failure == Failure::outcome_unknown;
    const bool explained = unknown
                               ? disk.has_sync_failed
                               : error.failure == Failure::unavailable && (disk.has_refused || disk.has_sync_failed);
    if (!explained) story.violated(fmt::format("INV-12: {} fails without a reason: {}", whose, error.detail));
  }
};

}  // namespace flashbid::simulation
