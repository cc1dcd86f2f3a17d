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

  // Terms that check_terms lets pass at `now` (which is at least an hour after 1970), every option on and off.
  [[nodiscard]] Terms terms(Timestamp now) {
    Terms terms;
    terms.title = "lot";
    terms.currency = Currency::parse(random_.one_of({"CNY", "USD", "JPY", "KWD", "CLF"})).value();
    terms.opening_price = opening_price();
    terms.increment = increment(terms.currency);
    if (random_.percent(40)) terms.reserve = near(terms.opening_price, 2'000);
    if (random_.percent(30)) terms.amount_limit = near(terms.opening_price, 3'000);
    terms.opens_at = now + Duration{random_.percent(40) ? random_.between(1, 3'000) : -random_.below(2'000)};
    terms.closes_at = std::max(now, terms.opens_at) + Duration{random_.between(1, 4'000)};
    if (random_.percent(2)) terms.closes_at = max_timestamp - Duration{random_.below(3)};
    if (random_.percent(60)) terms.soft_close = soft_close();
    if (random_.percent(40)) terms.seller = bidder();
    terms.self_outbid = random_.percent(50);
    return terms;
  }

  // When the next command on `auction` comes: mostly at once, at times right around a boundary; never before `now`.
  [[nodiscard]] Timestamp moment(const Auction& auction, Timestamp now) {
    if (random_.percent(40)) return now;
    if (random_.percent(85)) return now + Duration{random_.below(20)};
    const Duration off{random_.between(-1, 1)};
    const auto& soft_close = auction.terms->soft_close;
    if (auction.state == AuctionState::scheduled) {
      return std::max(now, (random_.percent(90) ? auction.terms->opens_at : auction.closes_at) + off);
    }
    if (soft_close && random_.percent(70)) return std::max(now, auction.closes_at - soft_close->window + off);
    if (soft_close && random_.percent(50)) return std::max(now, auction.closes_at - soft_close->extend + off);
    return std::max(now, auction.closes_at + off);
  }

  // What comes next on `auction`: nearly always a bid.
  [[nodiscard]] Command command(const Auction& auction) {
    const auto kind = random_.below(200);
    if (kind == 0) return Cancel{};
    if (kind < 8) return Tick{};
    return bid(auction);
  }

  [[nodiscard]] Bid bid(const Auction& auction) { return {bidder(), amount(auction)}; }

  // One of few names, so that the same one often bids twice, leads or sells.
  [[nodiscard]] BidderId bidder() {
    return support::bidder(random_.one_of({"Alice", "alice", "Bob", "Carol", "dealer:7", "eve@example.com"}));
  }

 private:
  static Amount in_range(std::int64_t amount) { return Amount{std::clamp<std::int64_t>(amount, 0, max_safe_integer)}; }

  Amount near(Amount amount, std::int64_t reach) {
    return in_range(amount.value() + random_.between(-reach / 4, reach));
  }

  Amount opening_price() {
    switch (random_.below(8)) {
      case 0:
        return Amount{0};
      case 1:
        return Amount{1};
      case 2:
        return in_range(max_safe_integer - random_.below(1'000));
      case 3:
        return Amount{random_.one_of({99L, 100L, 999L, 1'000L, 2'999L, 3'000L, 4'999L, 5'000L, 49'999L})};
      default:
        return Amount{random_.below(1'000'000)};
    }
  }

  Amount step() {
    switch (random_.below(10)) {
      case 0:
        return max_amount;
      case 1:
        return in_range(max_safe_integer - random_.below(1'000'000));
      case 2:
      case 3:
        return Amount{1};
      default:
        return Amount{random_.between(1, 200)};
    }
  }

  Increment increment(const Currency& currency) {
    if (random_.percent(30)) return Increment::fixed(step()).value();
    if (random_.percent(50)) {
      const auto preset =
          random_.one_of({IncrementPreset::ebay_us, IncrementPreset::yahoo_jp, IncrementPreset::whatnot});
      if (auto made = Increment::preset(preset, currency)) return *made;
    }
    std::vector<IncrementRow> rows;
    std::int64_t bound = 0;
    for (std::int64_t row = random_.below(5); row > 0; --row) {
      bound += random_.between(1, 5'000);
      rows.push_back({Amount{bound}, step()});
    }
    rows.push_back({std::nullopt, step()});
    return Increment::table(std::move(rows)).value();
  }

  SoftClose soft_close() {
    SoftClose soft_close{.window = {random_.between(1, 3'000)}, .extend = {random_.between(1, 3'000)}};
    soft_close.mode = random_.one_of({SoftClose::Mode::from_bid, SoftClose::Mode::from_close});
    if (random_.percent(50)) soft_close.max_extensions = static_cast<std::uint32_t>(random_.below(6));
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
        return random_.percent(5) ? max_amount : in_range(minimum + random_.below(5'000));
      case 9:
      case 10:
      case 11:
        return in_range(minimum + random_.between(1, 3));
      default:
        return in_range(minimum - (random_.percent(40) ? 1 : 0));
    }
  }

  Random random_;
};

}  // namespace flashbid::support
