// The rules. Pure: no I/O, clock, thread or random; `now` is a parameter. Called by whoever owns the auction.
//
//   decide(auction, command, now) -> Decision   all checks first, then one effect, as events
//   apply(auction, event)                       the only way an auction changes
//
// The first command at or past a boundary first appends `opened` or `closed` (or both), whether or not a timer has
// fired, and is then decided on the state after it (INV-7). So a rejection may carry events too.
//
// A new format (proxy, sealed, Dutch, several units) adds an enumerator to Format, a file beside english.cpp with its
// own checks and effect, its line in the switch of decide(), its reasons at the end of Reason and its events at the
// end of EventBody.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "auction/auction.hpp"
#include "auction/event.hpp"

namespace flashbid {

// One attempt.
struct Bid {
  BidderId bidder;
  Amount amount;
};
// The operator calls the auction off.
struct Cancel {};
// Time has passed; a timer says so.
struct Tick {};

using Command = std::variant<Bid, Cancel, Tick>;

enum class Verdict : std::uint8_t { accepted, rejected };

// Why a command was rejected: the first rule that refused, in this order (docs/reasons.md). Numbers are stored: append.
enum class Reason : std::uint8_t {
  none = 0,
  not_open_yet = 1,          // before `opens_at`
  closed = 2,                // at or after `closes_at`, by the clock of who decides
  cancelled = 3,             // an operator has called the auction off
  own_auction = 4,           // the bidder is the auction's `seller`
  already_leading = 5,       // the bidder leads, and the auction has `self_outbid` false
  amount_below_minimum = 6,  // less than `minimum_next`: an equal amount never wins, the earlier bid stands
  amount_above_limit = 7,    // more than the auction's `amount_limit`, which catches slips of the finger
};

[[nodiscard]] std::string_view to_text(Verdict verdict);
// The reason as spelled on the wire, in Lua, metrics and docs; empty for none.
[[nodiscard]] std::string_view to_text(Reason reason);
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view text);

// At most opened + closed, or opened + bid_accepted + extended.
using Events = boost::container::static_vector<Event, 4>;

struct Decision {
  Verdict verdict = Verdict::accepted;
  Reason reason = Reason::none;
  Events events;  // to be committed in this order; sequences follow the auction's
};

// Decides `command` on `auction` at `now`. Events are numbered from auction.sequence + 1 and stamped `now`.
// A Tick is always accepted, with no event if no boundary is due. A Cancel is rejected as closed or cancelled.
// A bid's amount is 0 … max_amount (asserted). Never allocates.
[[nodiscard]] Decision decide(const Auction& auction, const Command& command, Timestamp now);

// The first events of a new auction, stamped `now`: created, opened if it opens now, and closed if its end passed while
// the command was on its way. Terms have passed check_terms.
[[nodiscard]] Events create(const SharedTerms& terms, Timestamp now);

// Moves `auction` on by one event. The event's sequence must be auction.sequence + 1 (asserted).
void apply(Auction& auction, const Event& event);

}  // namespace flashbid
