// C++ rules = Lua rules = naive oracle, on one random stream: verdict, reason, events and the state after each command
// (R5). The Lua runs in a plain Lua 5.1 of this process, and answers with the texts in which it leaves Redis: events
// and images byte for byte as C++ encodes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "differential/oracle_terms.hpp"
#include "differential/random_stream.hpp"
#include "support/command_count.hpp"
#include "support/lua_rules.hpp"

namespace flashbid::differential {
namespace {

constexpr Epoch epoch{3};

std::string text_of(const naive::Fact& fact) {
  return fmt::format(
      "{} {} at={} bidder={} amount={} price={} leader={} minimum_next={} closes_at={} extensions={} winner={} sold={}",
      fact.sequence, fact.event, fact.at, fact.bidder, fact.amount, fact.price, fact.leader, fact.minimum_next,
      fact.closes_at, fact.extensions, fact.winner, fact.sold);
}

std::string text_of(const naive::View& view) {
  return fmt::format(
      "{} {} bids={} price={} leader={} minimum_next={} extensions={} closes_at={} winner={} sold={} reserve_met={}",
      view.sequence, view.state, view.bids, view.price, view.leader, view.minimum_next, view.extensions, view.closes_at,
      view.winner, view.sold, view.reserve_met);
}

std::string text_of(const std::vector<naive::Fact>& facts) {
  std::string text;
  for (const auto& fact : facts) text += "\n  " + text_of(fact);
  return text;
}

std::vector<naive::Fact> facts_of(const Events& events) {
  std::vector<naive::Fact> facts;
  for (const auto& event : events) facts.push_back(oracle_fact(event));
  return facts;
}

// One auction, in all three.
struct Triple {
  Lane lane;
  std::unique_ptr<naive::Auction> oracle;
  std::string lua_state;
  Timestamp last_at;  // of the last event
};

class Comparison {
 public:
  void start(Triple& triple) {
    const Events events = stream_.start(triple.lane, AuctionId{++auctions_});
    const Lane& lane = triple.lane;
    triple.oracle = std::make_unique<naive::Auction>(oracle_terms(*lane.auction.terms), lane.now.ms);
    ASSERT_EQ(facts_of(events), triple.oracle->facts())
        << text_of(facts_of(events)) << "\noracle:" << history_of(triple);
    expect_lua(triple, events, Reason::none, lua_.create(lane.auction.id, *lane.auction.terms, epoch, lane.now));
  }

  void step(Triple& triple) {
    Lane& lane = triple.lane;
    const auto [command, decision] = stream_.step(lane);
    const naive::Answer answer = std::visit(Ask{*triple.oracle, lane.now}, command);

    ASSERT_EQ(to_text(decision.verdict), answer.verdict) << history_of(triple);
    ASSERT_EQ(to_text(decision.reason), answer.reason) << history_of(triple);
    const auto facts = facts_of(decision.events);
    ASSERT_EQ(facts, answer.facts) << text_of(facts) << "\noracle:" << history_of(triple);
    const naive::View view = oracle_view(lane.auction);
    ASSERT_EQ(view, triple.oracle->view()) << text_of(view) << "\noracle: " << text_of(triple.oracle->view());

    const auto outcome = lua_.decide(lane.auction.id, *lane.auction.terms, triple.lua_state, command, lane.now);
    expect_lua(triple, decision.events, decision.reason, outcome);
  }

  [[nodiscard]] RandomStream& stream() { return stream_; }

 private:
  static std::string history_of(const Triple& triple) { return text_of(triple.oracle->facts()); }

  void expect_lua(Triple& triple, const Events& events, Reason reason, const support::LuaRules::Outcome& outcome) {
    const Auction& auction = triple.lane.auction;
    ASSERT_EQ(to_text(outcome.reason), to_text(reason)) << history_of(triple);
    std::vector<std::string> expected;
    for (const auto& event : events) encode_event(auction.id, epoch, event, expected.emplace_back());
    ASSERT_EQ(outcome.events, expected) << rules_text(*auction.terms);
    std::string image;
    encode_image(auction, image);
    ASSERT_EQ(outcome.image, image) << rules_text(*auction.terms);
    // The packed state too, as C++ would write it: what restores an auction.
    if (!events.empty()) triple.last_at = events.back().at;
    ASSERT_EQ(outcome.state, state_text(auction, {triple.last_at, epoch, Sequence{0}}));
    triple.lua_state = outcome.state;
  }

  RandomStream stream_;
  support::LuaRules lua_;
  std::uint64_t auctions_ = 0;
};

TEST(DecideAgainstOracle, OneRandomStream) {
  const std::int64_t commands = support::command_count(1'000'000);
  Comparison comparison;
  std::vector<Triple> live(live_auctions);
  for (auto& triple : live) ASSERT_NO_FATAL_FAILURE(comparison.start(triple));
  for (std::int64_t i = 0; i < commands; ++i) {
    Triple& triple = live[comparison.stream().pick()];
    ASSERT_NO_FATAL_FAILURE(comparison.step(triple)) << "command " << i << " of seed " << stream_seed;
    if (triple.lane.spent()) {
      ASSERT_NO_FATAL_FAILURE(comparison.start(triple)) << "command " << i << " of seed " << stream_seed;
    }
  }
  comparison.stream().expect_variety(commands);
}

}  // namespace
}  // namespace flashbid::differential
