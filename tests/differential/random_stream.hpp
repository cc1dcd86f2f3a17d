// One random stream of commands on a few live auctions, decided by the C++ rules as it goes: what the other sets of
// rules are compared with. The same seed gives the same stream. One thread.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "auction/decide.hpp"
#include "support/command_generator.hpp"

namespace flashbid::differential {

inline constexpr std::uint64_t stream_seed = 20'260'131;
inline constexpr std::size_t live_auctions = 16;
inline constexpr Timestamp stream_begin{1'800'000'000'000};

// One live auction, as the C++ rules have it.
struct Lane {
  Auction auction;
  Timestamp now;
  int commands = 0;
  int after_the_end = 0;

  // Replaced after a few commands on what has ended, and before its history grows long.
  [[nodiscard]] bool spent() const { return after_the_end > 4 || commands > 400; }
};

struct Step {
  Command command;
  Decision decision;  // applied to the lane already
};

class RandomStream {
 public:
  // A new auction in the lane's place. Returns its first events.
  Events start(Lane& lane, AuctionId id) {
    lane = {};
    lane.now = stream_begin + Duration{generator_.random().below(1'000'000)};
    const auto terms = std::make_shared<const Terms>(generator_.terms(lane.now));
    const auto wrong = check_terms(*terms, lane.now);
    EXPECT_FALSE(wrong) << wrong->field << ": " << wrong->detail;
    lane.auction.id = id;
    Events events = create(terms, lane.now);
    for (const auto& event : events) apply(lane.auction, event);
    return events;
  }

  // The lane's next command.
  Step step(Lane& lane) {
    // No clock tells a moment that cannot be written.
    lane.now = std::min(generator_.moment(lane.auction, lane.now), max_timestamp);
    Step step{generator_.command(lane.auction), {}};
    step.decision = decide(lane.auction, step.command, lane.now);
    for (const auto& event : step.decision.events) apply(lane.auction, event);
    count(lane, step.decision);
    return step;
  }

  // Which lane comes next.
  [[nodiscard]] std::size_t pick() { return generator_.pick(live_auctions); }

  // A stream that seldom gets anywhere would prove little.
  void expect_variety(std::int64_t commands) const {
    for (const auto* outcome : {"not_open_yet", "closed", "cancelled", "own_auction", "already_leading",
                                "amount_below_minimum", "amount_above_limit", "opened event", "bid_accepted event",
                                "extended event", "closed event", "cancelled event"}) {
      const auto found = outcomes_.find(outcome);
      const std::int64_t count = found == outcomes_.end() ? 0 : found->second;
      EXPECT_GE(count, commands / 500) << '"' << outcome << '"';
      fmt::print("{:>9} {}\n", count, outcome);
    }
  }

 private:
  void count(Lane& lane, const Decision& decision) {
    ++lane.commands;
    ++outcomes_[std::string(to_text(decision.reason))];
    for (const auto& event : decision.events) ++outcomes_[std::string(name_of(event.body)) + " event"];
    if (!lane.auction.next_boundary()) ++lane.after_the_end;
  }

  support::CommandGenerator generator_{stream_seed};
  std::map<std::string, std::int64_t> outcomes_;
};

}  // namespace flashbid::differential
