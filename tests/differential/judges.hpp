// Three judges of one auction: the C++ rules, the naive oracle, the Lua rules. Each hears every command and answers;
// the first answer that differs is a disagreement. One thread.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "differential/life.hpp"
#include "differential/oracle_terms.hpp"
#include "support/lua_rules.hpp"

namespace flashbid::differential {

// The C++ rules, or what a test plants in their place.
using Decide = std::function<Decision(const Auction&, const Command&, Timestamp)>;

struct Disagreement {
  std::string about;
  std::string cpp;
  std::string other;  // begins with who it is
};

inline std::string text_of(const naive::Fact& fact) {
  return fmt::format(
      "{} {} at={} bidder={} amount={} price={} leader={} minimum_next={} closes_at={} extensions={} winner={} sold={}",
      fact.sequence, fact.event, fact.at, fact.bidder, fact.amount, fact.price, fact.leader, fact.minimum_next,
      fact.closes_at, fact.extensions, fact.winner, fact.sold);
}

inline std::string text_of(const naive::View& view) {
  return fmt::format(
      "{} {} bids={} price={} leader={} minimum_next={} extensions={} closes_at={} winner={} sold={} reserve_met={}",
      view.sequence, view.state, view.bids, view.price, view.leader, view.minimum_next, view.extensions, view.closes_at,
      view.winner, view.sold, view.reserve_met);
}

inline std::string text_of(const std::vector<naive::Fact>& facts) {
  std::string text;
  for (const auto& fact : facts) text += "\n      " + text_of(fact);
  return text.empty() ? "no event" : text;
}

inline std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n      " + line;
  return text.empty() ? "no event" : text;
}

class Judges {
 public:
  static constexpr Epoch epoch{3};
  using Found = std::optional<Disagreement>;

  // `lua` is lent, and may serve many.
  Judges(support::LuaRules& lua, Decide decide) : lua_(&lua), decide_(std::move(decide)) {}

  // A new auction, whatever was here before.
  Found begin(AuctionId id, const SharedTerms& terms, Timestamp now) {
    auction_ = {};
    auction_.id = id;
    const Events events = create(terms, now);
    for (const auto& event : events) apply(auction_, event);
    oracle_.emplace(oracle_terms(*terms), now.ms);
    if (auto found = against_oracle(events, "", oracle_->facts())) return found;
    return against_lua(events, Reason::none, [&] { return lua_->create(id, *terms, epoch, now); });
  }

  Found put(const Put& put) {
    const Decision decision = decide_(auction_, put.command, put.now);
    for (const auto& event : decision.events) apply(auction_, event);
    const naive::Answer answer = std::visit(Ask{*oracle_, put.now}, put.command);
    const std::string_view verdict = to_text(decision.verdict);
    if (verdict != answer.verdict)
      return Disagreement{"the verdict", std::string(verdict), "oracle: " + answer.verdict};
    if (auto found = against_oracle(decision.events, to_text(decision.reason), answer.facts, answer.reason))
      return found;
    return against_lua(decision.events, decision.reason,
                       [&] { return lua_->decide(auction_.id, *auction_.terms, lua_state_, put.command, put.now); });
  }

  [[nodiscard]] const Auction& auction() const { return auction_; }

 private:
  static std::vector<naive::Fact> facts_of(const Events& events) {
    std::vector<naive::Fact> facts;
    for (const auto& event : events) facts.push_back(oracle_fact(event));
    return facts;
  }

  Found against_oracle(const Events& events, std::string_view reason, const std::vector<naive::Fact>& facts,
                       const std::string& oracle_reason = "") {
    if (reason != oracle_reason) return Disagreement{"the reason", std::string(reason), "oracle: " + oracle_reason};
    const auto own = facts_of(events);
    if (own != facts) return Disagreement{"the events", text_of(own), "oracle: " + text_of(facts)};
    const naive::View view = oracle_view(auction_);
    const naive::View oracle = oracle_->view();
    if (view != oracle) return Disagreement{"the state after it", text_of(view), "oracle: " + text_of(oracle)};
    return std::nullopt;
  }

  // Byte for byte: events, image and packed state, as C++ would write them.
  template <class Ask>
  Found against_lua(const Events& events, Reason reason, Ask ask) {
    support::LuaRules::Outcome outcome;
    try {
      outcome = ask();
    } catch (const std::runtime_error& error) {
      return Disagreement{"what goes on", "an answer", error.what()};
    }
    if (outcome.reason != reason) {
      return Disagreement{"the reason", std::string(to_text(reason)), "Lua: " + std::string(to_text(outcome.reason))};
    }
    std::vector<std::string> texts;
    for (const auto& event : events) encode_event(auction_.id, epoch, event, texts.emplace_back());
    if (outcome.events != texts) return Disagreement{"the events", text_of(texts), "Lua: " + text_of(outcome.events)};
    std::string image;
    encode_image(auction_, image);
    if (outcome.image != image) return Disagreement{"the image after it", image, "Lua: " + outcome.image};
    if (!events.empty()) last_at_ = events.back().at;
    const std::string state = state_text(auction_, {last_at_, epoch, Sequence{0}});
    if (outcome.state != state) return Disagreement{"the packed state after it", state, "Lua: " + outcome.state};
    lua_state_ = outcome.state;
    return std::nullopt;
  }

  support::LuaRules* lua_;
  Decide decide_;
  Auction auction_;
  std::optional<naive::Auction> oracle_;
  std::string lua_state_;
  Timestamp last_at_;  // of the last event
};

}  // namespace flashbid::differential
