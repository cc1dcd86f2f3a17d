// A mistake in each rule of Lua, each to be planted alone: a text that stands once in lua/*.lua, and another for it.
#pragma once

#include <array>
#include <string_view>

namespace flashbid::differential {

struct Planted {
  std::string_view rule;
  std::string_view original;
  std::string_view mutated;
};

inline constexpr auto lua_mutants = std::to_array<Planted>({
    // Time.
    {"opens one millisecond late", "auction.state == SCHEDULED and now >= terms.opens_at",
     "auction.state == SCHEDULED and now > terms.opens_at"},
    {"closes one millisecond late", "auction.state == OPEN and now >= auction.closes_at",
     "auction.state == OPEN and now > auction.closes_at"},
    {"passes no boundary at the very moment", "if boundary and now >= boundary then",
     "if boundary and now > boundary then"},
    {"does not close what has just opened", "  if auction.state == OPEN and now >= auction.closes_at then",
     "  if auction.sequence > 1 and #events == 0 and auction.state == OPEN and now >= auction.closes_at then"},
    {"closes what never opened without opening it", "    append(auction, events, {event = 'opened'}, now)",
     "    if now < auction.closes_at then append(auction, events, {event = 'opened'}, now) end"},
    {"a timer changes nothing", "  return reasons.accepted, events\nend\n\n-- A new auction",
     "  return reasons.accepted, nil\nend\n\n-- A new auction"},
    // Who may bid.
    {"lets the seller bid", "if bidder == terms.seller then", "if false then"},
    {"takes the seller's name in any case", "if bidder == terms.seller then",
     "if string.lower(bidder) == string.lower(terms.seller) then"},
    {"lets the leader bid", "not terms.self_outbid and bids > 0 and bidder == auction.leader",
     "false and bidder == auction.leader"},
    {"never lets the leader bid", "not terms.self_outbid and bids > 0 and bidder == auction.leader",
     "bids > 0 and bidder == auction.leader"},
    {"takes the leader's name in any case", "bids > 0 and bidder == auction.leader",
     "bids > 0 and string.lower(bidder) == string.lower(auction.leader)"},
    // How much.
    {"takes a bid below the minimum", "if not minimum or amount < minimum then",
     "if not minimum or amount < minimum - 1 then"},
    {"takes only more than the minimum", "if not minimum or amount < minimum then",
     "if not minimum or amount <= minimum then"},
    {"takes any bid when no amount is left", "if not minimum or amount < minimum then",
     "if minimum and amount < minimum then"},
    {"asks the first bid for more than the opening price", "local minimum = terms.opening_price",
     "local minimum = terms.opening_price + 1"},
    {"takes no bid at the limit", "amount > terms.amount_limit", "amount >= terms.amount_limit"},
    {"takes a bid above the limit", "amount > terms.amount_limit", "amount > terms.amount_limit + 1"},
    {"looks at the limit first", "  if bidder == terms.seller then",
     "  if terms.amount_limit and amount > terms.amount_limit then\n    return reasons.amount_above_limit\n  end\n"
     "  if bidder == terms.seller then"},
    {"looks at the amount before the seller", "  if bidder == terms.seller then",
     "  if bidder == terms.seller and amount >= terms.opening_price then"},
    {"tells of the leader before the state", "  if state ~= OPEN then\n",
     "  if not terms.self_outbid and auction.bids > 0 and bidder == auction.leader then\n"
     "    return reasons.already_leading\n  end\n  if state ~= OPEN then\n"},
    {"takes cancelled for closed", "state == CLOSED and reasons.closed or reasons.cancelled", "reasons.closed"},
    // The increments.
    {"a row holds at its own bound", "if price < bounds[i] then", "if price <= bounds[i] then"},
    {"a row ends one below its bound", "if price < bounds[i] then", "if price < bounds[i] - 1 then"},
    {"never comes to the last row", "return terms.steps[#bounds + 1]", "return terms.steps[math.max(#bounds, 1)]"},
    {"counts beyond the highest amount", "if price > MAX_AMOUNT - step then", "if price > MAX_AMOUNT - step + 1 then"},
    {"leaves the highest amount out", "if price > MAX_AMOUNT - step then", "if price >= MAX_AMOUNT - step then"},
    // The soft close.
    {"extends one millisecond before the window", "now < closes_at - terms.window",
     "now < closes_at - terms.window - 1"},
    {"extends one millisecond late", "now < closes_at - terms.window", "now <= closes_at - terms.window"},
    {"extends once too often", "auction.extensions >= terms.max_extensions",
     "auction.extensions > terms.max_extensions"},
    {"extends once too seldom", "auction.extensions >= terms.max_extensions",
     "auction.extensions + 1 >= terms.max_extensions"},
    {"takes 0 extensions for no limit", "tonumber(max_extensions) or MAX_EXTENSIONS",
     "tonumber(max_extensions) ~= 0 and tonumber(max_extensions) or MAX_EXTENSIONS"},
    {"always extends from the bid", "(terms.from_bid and now or closes_at)", "now"},
    {"always extends from the end", "(terms.from_bid and now or closes_at)", "closes_at"},
    {"moves the end past what can be written", "if moved > MAX_MOMENT then", "if moved > MAX_MOMENT + 1 then"},
    {"tells of an end that does not move", "  if moved > auction.closes_at then",
     "  if moved >= auction.closes_at then"},
    {"extends before it accepts", "    closes_at = auction.closes_at,\n  }",
     "    closes_at = end_after_bid(auction, terms, now),\n  }"},
    {"does not count extensions", "extensions = auction.extensions + 1", "extensions = auction.extensions"},
    {"extends by the window", "terms.from_bid and now or closes_at) + terms.extend",
     "terms.from_bid and now or closes_at) + terms.window"},
    // The end.
    {"sells only above the reserve", "auction.price >= terms.reserve", "auction.price > terms.reserve"},
    {"sells one below the reserve", "auction.price >= terms.reserve", "auction.price >= terms.reserve - 1"},
    {"sells below the reserve", "auction.price >= terms.reserve", "auction.price >= 0"},
    {"sells without a bid", "local sold = has_price and (", "local sold = (has_price or terms.reserve == nil) and ("},
    {"tells the winner of what is not sold", "winner = sold and auction.leader or nil",
     "winner = has_price and auction.leader or nil"},
    {"tells no price of what is not sold", "price = has_price and auction.price or nil",
     "price = sold and auction.price or nil"},
    {"calls off what is closed", "  if auction.state == CLOSED then\n    return reasons.closed, events\n  end\n", ""},
    {"calls off twice", "  if auction.state == CANCELLED then\n    return reasons.cancelled, events\n  end\n", ""},
    {"forgets what time brought when it refuses to call off", "    return reasons.closed, events\n",
     "    return reasons.closed, nil\n"},
    {"forgets what time brought when it refuses a bid", "      return reason, events\n", "      return reason, nil\n"},
    // What an event does.
    {"does not count bids", "auction.bids = auction.bids + 1", "auction.bids = math.max(auction.bids, 1)"},
    {"keeps the first leader", "auction.leader = event.bidder",
     "auction.leader = auction.leader ~= '' and auction.leader or event.bidder"},
    {"writes down the moment of no event", "  auction.last_at = event.at\n", ""},
});

}  // namespace flashbid::differential
