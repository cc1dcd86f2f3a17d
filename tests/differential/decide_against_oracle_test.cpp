// C++ rules = naive oracle, on one random stream: verdict, reason, events and the state after each command (R5).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "differential/oracle_terms.hpp"
#include "support/command_count.hpp"
#include "support/command_generator.hpp"

namespace flashbid::differential {
namespace {

constexpr std::uint64_t seed = 20'260'131;
constexpr std::size_t live_auctions = 16;
constexpr Timestamp begin{1'800'000'000'000};

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

// One auction, in both.
struct Pair {
  Auction auction;
  std::unique_ptr<naive::Auction> oracle;
  Timestamp now;
  int commands = 0;
  int after_the_end = 0;
};

std::vector<naive::Fact> facts_of(const Events& events) {
  std::vector<naive::Fact> facts;
  for (const auto& event : events) facts.push_back(oracle_fact(event));
  return facts;
}

class Stream {
 public:
  void start(Pair& pair) {
    pair = {};
    pair.now = begin + Duration{generator_.random().below(1'000'000)};
    const auto terms = std::make_shared<const Terms>(generator_.terms(pair.now));
    const auto wrong = check_terms(*terms, pair.now);
    ASSERT_FALSE(wrong) << wrong->field << ": " << wrong->detail;
    pair.auction.id = AuctionId{1};
    const Events events = create(terms, pair.now);
    for (const auto& event : events) apply(pair.auction, event);
    pair.oracle = std::make_unique<naive::Auction>(oracle_terms(*terms), pair.now.ms);
    ASSERT_EQ(facts_of(events), pair.oracle->facts()) << text_of(facts_of(events)) << "\noracle:" << history_of(pair);
  }

  void step(Pair& pair) {
    pair.now = generator_.moment(pair.auction, pair.now);
    const Command command = generator_.command(pair.auction);
    const Decision decision = decide(pair.auction, command, pair.now);
    const naive::Answer answer = std::visit(Ask{*pair.oracle, pair.now}, command);
    for (const auto& event : decision.events) apply(pair.auction, event);

    ASSERT_EQ(to_text(decision.verdict), answer.verdict) << history_of(pair);
    ASSERT_EQ(to_text(decision.reason), answer.reason) << history_of(pair);
    const auto facts = facts_of(decision.events);
    ASSERT_EQ(facts, answer.facts) << text_of(facts) << "\noracle:" << history_of(pair);
    const naive::View view = oracle_view(pair.auction);
    ASSERT_EQ(view, pair.oracle->view()) << text_of(view) << "\noracle: " << text_of(pair.oracle->view());
    count(pair, decision);
  }

  // Replaced after a few commands on what has ended, and before its list of facts grows long.
  [[nodiscard]] static bool spent(const Pair& pair) { return pair.after_the_end > 4 || pair.commands > 400; }

  [[nodiscard]] std::size_t pick() { return generator_.pick(live_auctions); }
  [[nodiscard]] std::int64_t count_of(const std::string& outcome) const {
    const auto found = outcomes_.find(outcome);
    return found == outcomes_.end() ? 0 : found->second;
  }

 private:
  static std::string history_of(const Pair& pair) { return text_of(pair.oracle->facts()); }

  void count(Pair& pair, const Decision& decision) {
    ++pair.commands;
    ++outcomes_[std::string(to_text(decision.reason))];
    for (const auto& event : decision.events) ++outcomes_[std::string(name_of(event.body)) + " event"];
    if (!pair.auction.next_boundary()) ++pair.after_the_end;
  }

  support::CommandGenerator generator_{seed};
  std::map<std::string, std::int64_t> outcomes_;
};

TEST(DecideAgainstOracle, OneRandomStream) {
  const std::int64_t commands = support::command_count(1'000'000);
  Stream stream;
  std::vector<Pair> live(live_auctions);
  for (auto& pair : live) ASSERT_NO_FATAL_FAILURE(stream.start(pair));
  for (std::int64_t i = 0; i < commands; ++i) {
    Pair& pair = live[stream.pick()];
    ASSERT_NO_FATAL_FAILURE(stream.step(pair)) << "command " << i << " of seed " << seed;
    if (Stream::spent(pair)) {
      ASSERT_NO_FATAL_FAILURE(stream.start(pair)) << "command " << i << " of seed " << seed;
    }
  }
  // A stream that seldom gets anywhere would prove little.
  for (const auto* outcome : {"not_open_yet", "closed", "cancelled", "own_auction", "already_leading",
                              "amount_below_minimum", "amount_above_limit", "opened event", "bid_accepted event",
                              "extended event", "closed event", "cancelled event"}) {
    EXPECT_GE(stream.count_of(outcome), commands / 500) << '"' << outcome << '"';
    fmt::print("{:>9} {}\n", stream.count_of(outcome), outcome);
  }
}

}  // namespace
}  // namespace flashbid::differential
