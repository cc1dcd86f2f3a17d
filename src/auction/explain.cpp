#include "auction/explain.hpp"

#include <array>
#include <utility>

#include "auction/auction.hpp"
#include "auction/decide.hpp"

namespace flashbid {
namespace {

constexpr std::array<std::string_view, 6> rule_names{
    "operator_asked",       "opens_at_reached", "opening_price_reached",
    "minimum_next_reached", "soft_close",       "closes_at_reached"};
constexpr std::array<std::string_view, 5> effect_names{"none", "before_window", "moved", "not_later",
                                                       "extensions_used"};

Standing standing_of(const Auction& auction) {
  return {auction.standing_price(), auction.bids > 0 ? auction.leader : BidderId{}, auction.minimum_next(),
          auction.closes_at};
}

// Whether a bid moved the end is told by what follows it; why not, by the terms.
EndEffect effect_on_end(const Terms& terms, const Event& event, Timestamp closes_at, const Event* next) {
  if (next != nullptr && std::holds_alternative<Extended>(next->body)) return EndEffect::moved;
  if (!terms.soft_close) return EndEffect::none;
  if (event.at < closes_at - terms.soft_close->window) return EndEffect::before_window;
  const bool from_bid = terms.soft_close->mode == SoftClose::Mode::from_bid;
  const Timestamp wanted = (from_bid ? event.at : closes_at) + terms.soft_close->extend;
  return std::min(wanted, max_timestamp) <= closes_at ? EndEffect::not_later : EndEffect::extensions_used;
}

// One event after another, on the auction as it stood before.
class Explainer {
 public:
  Explainer(const SharedTerms& terms, Sequence before) : terms_(terms) {
    auction_.terms = terms;
    auction_.closes_at = terms->closes_at;
    auction_.sequence = before;
  }

  Explanation next(const Event& event, const Event* behind) {
    Explanation told;
    told.event = event;
    // Where the story begins in its middle, a bid says which end was in force.
    if (const auto* bid = std::get_if<BidAccepted>(&event.body)) auction_.closes_at = bid->closes_at;
    if (!std::holds_alternative<Created>(event.body)) told.before = standing_of(auction_);
    std::visit([&](const auto& body) { tell(body, event, behind, told); }, event.body);
    apply(auction_, event);
    auction_.terms = terms_;  // a created that is read back has lost its reserve
    told.after = standing_of(auction_);
    return told;
  }

 private:
  static void tell(const Created&, const Event&, const Event*, Explanation& told) { told.rule = Rule::operator_asked; }
  static void tell(const Opened&, const Event&, const Event*, Explanation& told) { told.rule = Rule::opens_at_reached; }
  static void tell(const Cancelled&, const Event&, const Event*, Explanation& told) {
    told.rule = Rule::operator_asked;
  }
  void tell(const BidAccepted& bid, const Event& event, const Event* behind, Explanation& told) {
    const auto price = auction_.standing_price();
    told.rule = price ? Rule::minimum_next_reached : Rule::opening_price_reached;
    BidCause cause;
    cause.least = auction_.minimum_next().value_or(bid.amount);
    if (price) cause.step = step_in_force(auction_.terms->increment, *price);
    cause.left = bid.closes_at - event.at;
    cause.end = effect_on_end(*auction_.terms, event, bid.closes_at, behind);
    told.cause = cause;
    bid_ = event.sequence;
  }
  void tell(const Extended&, const Event& event, const Event*, Explanation& told) const {
    told.rule = Rule::soft_close;
    told.cause = ExtensionCause{bid_, auction_.closes_at - event.at};
  }
  void tell(const Closed& closed, const Event&, const Event*, Explanation& told) const {
    told.rule = Rule::closes_at_reached;
    const auto& reserve = auction_.terms->reserve;
    CloseCause cause{closed.price.has_value(), std::nullopt};
    if (reserve) cause.reserve_met = closed.price && *closed.price >= *reserve;
    told.cause = cause;
  }

  SharedTerms terms_;
  Auction auction_;
  Sequence bid_;  // the last one
};

}  // namespace

std::string_view to_text(Rule rule) { return rule_names[static_cast<std::size_t>(rule)]; }

std::string_view to_text(EndEffect effect) { return effect_names[static_cast<std::size_t>(effect)]; }

StepInForce step_in_force(const Increment& increment, Amount price) {
  StepInForce found{increment.step_at(price), Amount{0}, std::nullopt};
  for (const IncrementRow& row : increment.rows()) {
    found.below = row.below;
    if (!row.below || price < *row.below) break;
    found.from = *row.below;
  }
  return found;
}

std::vector<Explanation> explain(const SharedTerms& terms, std::span<const Event> events, Sequence after,
                                 std::size_t limit) {
  std::vector<Explanation> told;
  if (events.empty()) return told;
  Explainer explainer(terms, Sequence{events.front().sequence.value() - 1});
  for (std::size_t i = 0; i < events.size() && told.size() < limit; ++i) {
    const Event* behind = i + 1 < events.size() ? &events[i + 1] : nullptr;
    Explanation one = explainer.next(events[i], behind);
    if (events[i].sequence > after) told.push_back(std::move(one));
  }
  return told;
}

}  // namespace flashbid
