// How a bidder behaves: what it bids, given what it has seen. Pure but for the random numbers handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "checker/history.hpp"

namespace flashbid::bots {

using Random = std::mt19937_64;

enum class Temper : std::uint8_t {
  incremental,  // the lowest admissible amount, again and again
  jumper,       // leaps ahead by many steps
  sniper,       // waits, and bids in the last moments
  stubborn,     // insists on a low amount that has long been beaten
};

// What one bidder has seen of an auction, possibly long ago.
struct Glimpse {
  Sequence sequence;
  AuctionState state = AuctionState::open;
  std::optional<Amount> price;
  std::optional<Amount> minimum_next;
  checker::BidderIndex leader = checker::nobody;
  Timestamp closes_at;
};

// Of ten bidders five are incremental, two jumpers, two snipers, one stubborn.
[[nodiscard]] Temper temper_of(std::uint32_t bidder_number);

// What to bid now; nothing if it would rather wait. `opening` is the auction's opening price.
[[nodiscard]] std::optional<Amount> next_amount(Temper temper, const Glimpse& seen, checker::BidderIndex me,
                                                Amount opening, Random& random);

// How long before the end a sniper strikes.
[[nodiscard]] Duration snipe_lead(Random& random);

}  // namespace flashbid::bots
