// C++ rules = Lua rules = naive oracle, on one random stream: verdict, reason, events and the state after each command
// (R5). The Lua runs in a plain Lua 5.1 of this process, and answers with the texts in which it leaves Redis: events
// and images byte for byte as C++ encodes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "differential/judges.hpp"
#include "differential/lua_mutants.hpp"
#include "differential/random_stream.hpp"
#include "differential/story.hpp"
#include "support/command_count.hpp"
#include "support/lua_rules.hpp"

namespace flashbid::differential {
namespace {

// A lane, and those who judge it.
struct Judged {
  Lane lane;
  Judges judges;
};

class Comparison {
 public:
  explicit Comparison(support::LuaRules& lua, Decide cpp = decide, std::uint64_t seed = stream_seed)
      : lua_(lua), cpp_(std::move(cpp)), seed_(seed), stream_(seed) {}

  // The life that goes wrong, if one does within so many commands.
  std::optional<Life> play(std::int64_t commands) {
    std::vector<Judged> live(live_auctions, Judged{{}, Judges(lua_, cpp_)});
    for (Judged& judged : live) {
      if (!start(judged)) return judged.lane.life;
    }
    for (; played_ < commands; ++played_) {
      Judged& judged = live[stream_.pick()];
      stream_.step(judged.lane);
      if (judged.judges.put(judged.lane.life.puts.back())) return judged.lane.life;
      if (judged.lane.spent() && !start(judged)) return judged.lane.life;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string story_of(const Life& life) {
    Judges judges(lua_, cpp_);
    return differential::story_of(life, judges, seed_);
  }
  [[nodiscard]] std::int64_t played() const { return played_; }
  [[nodiscard]] const RandomStream& stream() const { return stream_; }

 private:
  bool start(Judged& judged) {
    stream_.start(judged.lane, AuctionId{++auctions_});
    const Life& life = judged.lane.life;
    return !judged.judges.begin(life.id, life.terms, life.created_at);
  }

  support::LuaRules& lua_;
  Decide cpp_;
  std::uint64_t seed_;
  RandomStream stream_;
  std::uint64_t auctions_ = 0;
  std::int64_t played_ = 0;
};

TEST(DecideAgainstOracle, OneRandomStream) {
  const std::int64_t commands = support::command_count(1'000'000);
  support::LuaRules lua;
  Comparison comparison(lua);
  const auto wrong = comparison.play(commands);
  if (wrong) FAIL() << "command " << comparison.played() << ": " << comparison.story_of(*wrong);
  comparison.stream().expect_variety(commands);
}

// One auction with 10,000 accepted bids: the numbers grow, the extensions go on, the oracle reads it all each time.
TEST(DecideAgainstOracle, OneLongLife) {
  constexpr std::int64_t bids = support::is_optimised ? 10'000 : 1'000;  // the oracle's time grows with the square
  support::LuaRules lua;
  support::CommandGenerator generator(stream_seed);
  Terms terms = support::plain_terms();
  terms.increment = Increment::preset(IncrementPreset::whatnot, terms.currency).value();
  terms.opens_at = stream_begin;
  terms.closes_at = stream_begin + Duration{1'000};
  terms.soft_close = SoftClose{.window = {900}, .extend = {1'000}, .max_extensions = std::nullopt};
  Life life{AuctionId{7}, std::make_shared<const Terms>(terms), stream_begin, {}};
  Judges judges(lua, decide);
  ASSERT_FALSE(judges.begin(life.id, life.terms, life.created_at));
  Timestamp now = life.created_at;
  while (judges.auction().bids < static_cast<std::uint64_t>(bids)) {
    now = std::min(now + Duration{generator.random().below(40)}, judges.auction().closes_at - Duration{1});
    Bid bid{generator.bidder(), judges.auction().minimum_next().value()};
    if (generator.random().percent(10)) bid = generator.bid(judges.auction());
    bid.amount = std::min(bid.amount, Amount{judges.auction().minimum_next()->value() + 10});
    life.puts.push_back({bid, now});
    if (judges.put(life.puts.back())) FAIL() << story_of(life, judges, stream_seed);
  }
  life.puts.push_back({Tick{}, judges.auction().closes_at});
  if (judges.put(life.puts.back())) FAIL() << story_of(life, judges, stream_seed);
  EXPECT_EQ(judges.auction().state, AuctionState::closed);
  EXPECT_GT(judges.auction().extensions, bids / 100);
}

// A rule of C++ that is wrong is told in a short story. One stream: in others the shortest may have a command more.
TEST(DecideAgainstOracle, ADisagreementIsToldInAFewCommands) {
  const Decide too_late = [](const Auction& auction, const Command& command, Timestamp now) {
    // Extends one millisecond before the window begins.
    if (auction.state != AuctionState::open || !auction.terms->soft_close) return decide(auction, command, now);
    Auction moved = auction;
    auto terms = std::make_shared<Terms>(*auction.terms);
    ++terms->soft_close->window.ms;
    moved.terms = terms;
    return decide(moved, command, now);
  };
  support::LuaRules lua;
  Comparison comparison(lua, too_late, 20'260'131);
  const auto wrong = comparison.play(100'000);
  ASSERT_TRUE(wrong) << "a window that begins too early is not seen";
  Judges judges(lua, too_late);
  const Life shortest = shrink(*wrong, judges);
  EXPECT_LE(shortest.puts.size(), 2U);
  const std::string story = comparison.story_of(*wrong);
  EXPECT_NE(story.find("oracle:"), std::string::npos) << story;
  EXPECT_NE(story.find("extended"), std::string::npos) << story;
  EXPECT_NE(story.find("FLASHBID_SEED="), std::string::npos) << story;
}

// A judge that nothing can prove wrong would prove nothing.
class EveryLuaRule : public testing::TestWithParam<Planted> {};

TEST_P(EveryLuaRule, IsMissedWhenItIsWrong) {
  const Planted& planted = GetParam();
  support::LuaRules lua(planted.original, planted.mutated);
  Comparison comparison(lua);
  const auto wrong = comparison.play(1'000'000);
  ASSERT_TRUE(wrong) << planted.rule << ": a million commands do not tell the difference";
  fmt::print("{:>9} commands: {}\n", comparison.played(), planted.rule);
}

INSTANTIATE_TEST_SUITE_P(Planted, EveryLuaRule, testing::ValuesIn(lua_mutants));

}  // namespace
}  // namespace flashbid::differential
