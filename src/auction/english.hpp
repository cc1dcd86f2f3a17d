// The rules of the English format: open bidding upwards, the highest bid stands. Pure; called by decide() only, on an
// auction whose boundary events are already applied.
#pragma once

#include "auction/auction.hpp"
#include "auction/decide.hpp"
#include "base/time.hpp"

namespace flashbid::english {

// The first rule that refuses `bid`; none if it is to be accepted.
[[nodiscard]] Reason check(const Auction& auction, const Bid& bid);

// What a bid that check() let pass does: bid_accepted, and extended if it comes late enough to move the end.
void accept(const Auction& auction, const Bid& bid, Timestamp now, Events& events);

}  // namespace flashbid::english
