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
#include "differential/boundary_coverage.hpp"
#include "differential/life.hpp"
#include "differential/option_coverage.hpp"
#include "support/command_count.hpp"
#include "support/command_generator.hpp"

namespace flashbid::differential {

inline const std::uint64_t stream_seed = support::chosen_seed(20'260'131);
inline constexpr std::size_t live_auctions = 16;
inline constexpr Timestamp stream_begin{1'800'000'000'000};

// One live auction, as the C++ rules have it.
struct Lane {
  Auction auction;
  Timestamp now;      // when the last command was decided
  Timestamp clock;    // what the machine's clock showed then: less, if it was set back
  Timestamp last_at;  // of the last event: no later one is decided before it
  Life life;
  std::size_t longest = 0;
  int after_the_end = 0;

  // Replaced after a few commands on what has ended, and before its history grows long.
  [[nodiscard]] bool spent() const { return after_the_end > 4 || life.puts.size() > longest; }
};

struct Step {
  Command command;
  Decision decision;  // applied to the lane already
};

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed = stream_seed) : generator_(seed) {}

  // A new auction in the lane's place. Returns its first events.
  Events start(Lane& lane, AuctionId id) {
    lane = {};
    const Timestamp asked = stream_begin + Duration{generator_.random().below(1'000'000)};
    const auto terms = std::make_shared<const Terms>(generator_.terms(asked));
    const auto wrong = check_terms(*terms, asked);
    EXPECT_FALSE(wrong) << wrong->field << ": " << wrong->detail;
    lane.now = lane.clock = lane.last_at = generator_.creation(*terms, asked);
    lane.longest = generator_.random().percent(70) ? 60 : 400;
    lane.auction.id = id;
    lane.life = {id, terms, lane.now, {}};
    options_.add(*terms, lane.now);
    Events events = create(terms, lane.now);
    for (const auto& event : events) apply(lane.auction, event);
    return events;
  }

  // The lane's next command.
  Step step(Lane& lane) {
    lane.clock = generator_.shown(generator_.moment(lane.auction, lane.now));
    if (lane.clock < lane.last_at) ++outcomes_["clock set back"];
    lane.now = std::max(lane.clock, lane.last_at);
    Step step{generator_.command(lane.auction), {}};
    boundaries_.add(lane.auction, step.command, lane.now);
    lane.life.puts.push_back({step.command, lane.now});
    step.decision = decide(lane.auction, step.command, lane.now);
    for (const auto& event : step.decision.events) apply(lane.auction, event);
    if (!step.decision.events.empty()) lane.last_at = lane.now;
    count(lane, step.decision);
    return step;
  }

  // Which lane comes next.
  [[nodiscard]] std::size_t pick() { return generator_.pick(live_auctions); }
  [[nodiscard]] support::Random& random() { return generator_.random(); }
  void count(std::string_view outcome) { ++outcomes_[std::string(outcome)]; }

  // A stream that seldom gets anywhere would prove little: every outcome, every two options together, and in a whole
  // run every three of them and both sides of everything that a rule compares.
  void expect_variety(std::int64_t commands) const {
    for (const auto* outcome : {"not_open_yet", "closed", "cancelled", "own_auction", "already_leading",
                                "amount_below_minimum", "amount_above_limit", "opened event", "bid_accepted event",
                                "extended event", "closed event", "cancelled event", "clock set back"}) {
      const auto found = outcomes_.find(outcome);
      const std::int64_t count = found == outcomes_.end() ? 0 : found->second;
      EXPECT_GE(count, commands / 500) << '"' << outcome << '"';
      fmt::print("{:>9} {}\n", count, outcome);
    }
    const auto [pairs, triples] = OptionCoverage::possible();
    fmt::print("{:>9} auctions, of {} pairs and {} triples of options\n", options_.auctions(), pairs, triples);
    if (commands < 100'000) return;
    expect_none(options_.missing_pairs(), "options that never met");
    if (commands < 1'000'000) return;
    expect_none(options_.missing_triples(), "options that never met, three at a time");
    expect_none(boundaries_.missing(), "boundaries that no command came to");
  }

 private:
  static void expect_none(const std::vector<std::string>& missing, std::string_view what) {
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(missing.size(), 20); ++i) some += "\n  " + missing[i];
    EXPECT_TRUE(missing.empty()) << missing.size() << ' ' << what << ':' << some;
  }

  void count(Lane& lane, const Decision& decision) {
    ++outcomes_[std::string(to_text(decision.reason))];
    for (const auto& event : decision.events) ++outcomes_[std::string(name_of(event.body)) + " event"];
    if (!lane.auction.next_boundary()) ++lane.after_the_end;
  }

  support::CommandGenerator generator_;
  std::map<std::string, std::int64_t> outcomes_;
  OptionCoverage options_;
  BoundaryCoverage boundaries_;
};

}  // namespace flashbid::differential
