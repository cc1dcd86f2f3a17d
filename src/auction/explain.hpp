// Why an auction's events came about: by which rule, on which numbers. Tells again what the rules have done
// (decide.hpp, english.hpp) and decides nothing. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "auction/event.hpp"
#include "auction/terms.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

// What brought an event about.
enum class Rule : std::uint8_t {
  operator_asked,         // created, cancelled
  opens_at_reached,       // opened
  opening_price_reached,  // bid_accepted: the first one
  minimum_next_reached,   // bid_accepted: any other
  soft_close,             // extended
  closes_at_reached,      // closed
};
[[nodiscard]] std::string_view to_text(Rule rule);

// What a bid did to the end, and why no more.
enum class EndEffect : std::uint8_t {
  none,             // there is no soft close
  before_window,    // it came too early for that
  moved,            // an extended follows
  not_later,        // from_bid: its moment and the extension are not behind the end
  extensions_used,  // the end had moved as often as it may
};
[[nodiscard]] std::string_view to_text(EndEffect effect);

// What bidders see of an auction between two events.
struct Standing {
  std::optional<Amount> price;
  BidderId leader;  // empty = none
  std::optional<Amount> minimum_next;
  Timestamp closes_at;
};

// The row of an increment that is in force at a price. A fixed step is a row without bounds.
struct StepInForce {
  Amount step;
  Amount from;                  // the lowest price of the row
  std::optional<Amount> below;  // none = no upper bound
  friend bool operator==(const StepInForce&, const StepInForce&) = default;
};
[[nodiscard]] StepInForce step_in_force(const Increment& increment, Amount price);

struct BidCause {
  Amount least;                     // what it had to reach
  std::optional<StepInForce> step;  // over the price that it beat; none for the first bid
  Duration left;                    // to the end that was in force
  EndEffect end = EndEffect::none;
};
struct ExtensionCause {
  Sequence bid;   // the bid that moved the end
  Duration left;  // from that bid to the end that was in force
};
struct CloseCause {
  bool had_bids = false;
  std::optional<bool> reserve_met;  // none if there is no reserve
};

struct Explanation {
  Event event;
  Rule rule = Rule::operator_asked;
  std::optional<Standing> before;  // none of the first event
  Standing after;
  std::variant<std::monostate, BidCause, ExtensionCause, CloseCause> cause;
};

// How many events before the first that is to be explained say all that has to be known: between two bids stands at
// most one other event, and whatever is not a bid leaves the price alone.
inline constexpr std::uint64_t events_of_context = 2;

// Explains up to `limit` of the events behind `after`. `events`: gapless, from event 1 or at least `events_of_context`
// before; and one more than is to be explained, if there is one, for what a bid did stands in the event behind it.
[[nodiscard]] std::vector<Explanation> explain(const SharedTerms& terms, std::span<const Event> events, Sequence after,
                                               std::size_t limit);

}  // namespace flashbid
