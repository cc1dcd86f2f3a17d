// The one source of random auctions and commands for property and differential tests, simulation and benchmarks: few
// auctions get most commands, amounts lie around the minimum, moments around the boundaries. The same seed gives the
// same stream on every machine. One thread; keeps nothing but its generator's state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "auction/decide.hpp"
#include "support/auctions.hpp"
#include "support/random.hpp"

namespace flashbid::support {

class CommandGenerator {
 public:
  explicit CommandGenerator(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Random& random() { return random_; }

  // Which of `count` auctions comes next: number 0 gets a third, the others the fewer the higher their number.
  [[nodiscard]] std::size_t pick(std::size_t count) {
    if (random_.percent(33)) return 0;
    const auto bound = static_cast<std::int64_t>(count);
    return static_cast<std::size_t>(std::min({random_.below(bound), random_.below(bound), random_.below(bound)}));
  }

  // Terms that check_terms lets pass at `now` (which is at least an hour after 1970): every option on and off, and
  // every two and three of their values together sooner or later (differential/option_coverage.hpp counts them).
  [[nodiscard]] Terms terms(Timestamp now) {
    Terms terms;
    terms.title = "lot";
    terms.currency = Currency::parse(random_.one_of({"CNY", "JPY", "KWD", "CLF"})).value();
    terms.opening_price = opening_price();
    terms.increment = increment(terms.currency);
    if (random_.percent(50)) terms.reserve = bound_of(terms.opening_price, 2'000);
    if (random_.percent(50)) terms.amount_limit = bound_of(terms.opening_price, 3'000);
    terms.opens_at = now + Duration{opening_after()};
    terms.closes_at = std::max(now, terms.opens_at) + Duration{random_.between(1, 4'000)};
    if (random_.percent(8)) terms.closes_at = max_timestamp - Duration{random_.below(3)};
    if (random_.percent(70)) terms.soft_close = soft_close();
    if (random_.percent(40)) terms.seller = bidder();
    terms.self_outbid = random_.percent(50);
    return terms;
  }

  // When a creation that was asked for at `now` is decided: mostly at once, at times when it opens or ends.
  [[nodiscard]] Timestamp creation(const Terms& terms, Timestamp now) {
    if (random_.percent(75)) return now;
    const Timestamp boundary = random_.percent(30) ? terms.opens_at : terms.closes_at;
    return std::min(std::max(now, boundary + Duration{random_.between(-1, 1)}), max_timestamp);
  }

  // What a machine's clock shows instead of `now`: mostly that, at times less, as after it was set back.
  [[nodiscard]] Timestamp shown(Timestamp now) {
    if (!random_.percent(2)) return now;
    return now - Duration{random_.percent(50) ? 1 : random_.below(5'000)};
  }

  // When the next command on `auction` comes: mostly at once, at times right around a boundary; never before
  // `now`, nor after what can be written.
  [[nodiscard]] Timestamp moment(const Auction& auction, Timestamp now) {
    if (random_.percent(40)) return now;
    const Timestamp then =
        random_.percent(85) ? now + Duration{random_.below(20)} : boundary(auction) + Duration{random_.between(-1, 1)};
    return std::min(std::max(now, then), max_timestamp);
  }

  // What comes next on `auction`: nearly always a bid.
  [[nodiscard]] Command command(const Auction& auction) {
    const auto kind = random_.below(200);
    if (kind < 2) return Cancel{};
    if (kind < 9) return Tick{};
    return bid(auction);
  }

  [[nodiscard]] Bid bid(const Auction& auction) { return {bidder(), amount(auction)}; }

  // One of few names, so that the same one often bids twice, leads or sells.
  [[nodiscard]] BidderId bidder() {
    return support::bidder(random_.one_of({"Alice", "alice", "Bob", "Carol", "dealer:7", "eve@example.com"}));
  }

 private:
  Timestamp boundary(const Auction& auction) {
    const auto& soft_close = auction.terms->soft_close;
    if (auction.state == AuctionState::scheduled) {
      return random_.percent(80) ? auction.terms->opens_at : auction.closes_at;
    }
    if (soft_close && random_.percent(70)) return auction.closes_at - soft_close->window;
    if (soft_close && random_.percent(50)) return auction.closes_at - soft_close->extend;
    return auction.closes_at;
  }

  static Amount in_range(std::int64_t amount) { return Amount{std::clamp<std::int64_t>(amount, 0, max_safe_integer)}; }

  // A reserve or a limit: below, at and above the opening price, and the highest amount.
  Amount bound_of(Amount opening, std::int64_t reach) {
    switch (random_.below(8)) {
      case 0:
        return max_amount;
      case 1:
        return opening;
      case 2:
        return in_range(opening.value() - random_.between(1, 500));
      default:
        return in_range(opening.value() + random_.between(1, random_.percent(30) ? 30 : reach * 10));
    }
  }

  // ms from now; not before 1970, as `now` is later than that by far.
  std::int64_t opening_after() {
    switch (random_.below(5)) {
      case 0:
        return 0;
      case 1:
      case 2:
        return random_.between(1, 3'000);
      default:
        return -random_.between(1, 2'000);
    }
  }

  Amount opening_price() {
    switch (random_.below(8)) {
      case 0:
        return Amount{0};
      case 1:
        return Amount{1};
      case 2:
        return random_.percent(10) ? max_amount : in_range(max_safe_integer - random_.below(1'000));
      case 3:
        return Amount{random_.one_of({99L, 100L, 999L, 1'000L, 2'999L, 3'000L, 4'999L, 5'000L, 49'999L})};
      default:
        return Amount{random_.below(1'000'000)};
    }
  }

  Amount step(std::int64_t percent_huge) {
    if (random_.percent(percent_huge)) {
      return random_.percent(30) ? max_amount : in_range(max_safe_integer - random_.below(1'000'000));
    }
    return Amount{random_.percent(25) ? 1 : random_.between(2, 200)};
  }

  Increment increment(const Currency& currency) {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        return Increment::fixed(step(20)).value();
      case 3:
        return table(1);
      case 4:
        return table(random_.between(2, 5));
      default:
        return preset(currency);
    }
  }

  Increment table(std::int64_t size) {
    std::vector<IncrementRow> rows;
    std::int64_t bound = 0;
    for (std::int64_t row = 1; row < size; ++row) {
      bound += random_.between(1, random_.percent(50) ? 20 : 5'000);
      rows.push_back({Amount{bound}, step(5)});
    }
    rows.push_back({std::nullopt, step(5)});
    return Increment::table(std::move(rows)).value();
  }

  // Where a currency has no such small money, another one.
  Increment preset(const Currency& currency) {
    for (;;) {
      const auto preset =
          random_.one_of({IncrementPreset::ebay_us, IncrementPreset::yahoo_jp, IncrementPreset::whatnot});
      if (auto made = Increment::preset(preset, currency)) return *made;
    }
  }

  SoftClose soft_close() {
    SoftClose soft_close{.window = {random_.between(1, 3'000)}, .extend = {random_.between(1, 3'000)}};
    if (random_.percent(20)) soft_close.extend = {random_.between(1, 3)};
    if (random_.percent(20)) soft_close.extend = soft_close.window;
    soft_close.mode = random_.one_of({SoftClose::Mode::from_bid, SoftClose::Mode::from_close});
    if (random_.percent(70)) soft_close.max_extensions = static_cast<std::uint32_t>(random_.below(5));
    return soft_close;
  }

  Amount amount(const Auction& auction) {
    const Terms& terms = *auction.terms;
    const std::int64_t price = auction.standing_price().value_or(terms.opening_price).value();
    const std::int64_t minimum = auction.minimum_next().value_or(max_amount).value();
    switch (random_.below(40)) {
      case 0:
        return Amount{0};
      case 1:
        return in_range(random_.below(price + 1));
      case 2:
      case 3:
        return in_range(price);
      case 4:
        return in_range(price + random_.between(-1, 1));
      case 5:
        return in_range(terms.amount_limit.value_or(max_amount).value() + random_.between(-1, 1));
      case 6:
        return in_range(terms.reserve.value_or(Amount{minimum}).value() + random_.between(-1, 1));
      case 7:
        return in_range(minimum + (minimum - price) * random_.below(4));
      case 8:
        return random_.percent(5) ? near_the_highest(terms.increment) : in_range(minimum + random_.below(5'000));
      case 9:
      case 10:
        return in_range(minimum + random_.between(1, 3));
      case 11:
      case 12:
        return in_range(next_bound(terms.increment, price).value_or(minimum) + random_.between(-1, 1));
      default:
        return in_range(minimum - (random_.percent(40) ? 1 : 0));
    }
  }

  // Whether an amount is left above it hangs on one.
  Amount near_the_highest(const Increment& increment) {
    if (random_.percent(50)) return in_range(max_safe_integer - random_.below(2));
    return in_range(max_safe_integer - increment.step_at(max_amount).value() + random_.between(-1, 1));
  }

  // The lowest bound of a row above `price`.
  static std::optional<std::int64_t> next_bound(const Increment& increment, std::int64_t price) {
    for (const auto& [below, step] : increment.rows()) {
      if (below && below->value() > price) return below->value();
    }
    return std::nullopt;
  }

  Random random_;
};

}  // namespace flashbid::support
