#include "bots/temper.hpp"

#include <algorithm>
#include <array>

namespace flashbid::bots {
namespace {

bool one_in(std::uint64_t n, Random& random) { return random() % n == 0; }

}  // namespace

Temper temper_of(std::uint32_t bidder_number) {
  constexpr std::array<Temper, 10> mix{Temper::incremental, Temper::incremental, Temper::jumper,   Temper::sniper,
                                       Temper::incremental, Temper::incremental, Temper::stubborn, Temper::jumper,
                                       Temper::incremental, Temper::sniper};
  return mix[bidder_number % mix.size()];
}

std::optional<Amount> next_amount(Temper temper, const Glimpse& seen, checker::BidderIndex me, Amount opening,
                                  Random& random) {
  if (!seen.minimum_next) return std::nullopt;
  const std::int64_t minimum = seen.minimum_next->value();
  const std::int64_t step = seen.price ? std::max<std::int64_t>(1, minimum - seen.price->value()) : 1;
  // Who leads mostly waits; now and then somebody bids against himself.
  if (seen.leader == me && temper != Temper::stubborn && !one_in(10, random)) return std::nullopt;
  std::int64_t amount = minimum;
  switch (temper) {
    case Temper::incremental:
      if (one_in(40, random) && seen.price) amount = seen.price->value();  // an equal amount never wins
      break;
    case Temper::jumper:
      amount = minimum + step * static_cast<std::int64_t>(random() % 20);
      break;
    case Temper::sniper:
      amount = minimum + step * static_cast<std::int64_t>(random() % 3);
      break;
    case Temper::stubborn:
      if (!one_in(10, random)) amount = opening.value() + step * static_cast<std::int64_t>(random() % 50);
      break;
  }
  return Amount(std::min(amount, max_amount.value()));
}

Duration snipe_lead(Random& random) { return {5 + static_cast<std::int64_t>(random() % 250)}; }

}  // namespace flashbid::bots
