// One auction at one sequence: the state that `decide` reads and `apply` moves on. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "auction/event.hpp"
#include "auction/terms.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

enum class AuctionState : std::uint8_t { scheduled, open, closed, cancelled };

// scheduled, open, closed, cancelled.
[[nodiscard]] std::string_view to_text(AuctionState state);
[[nodiscard]] std::optional<AuctionState> parse_auction_state(std::string_view text);

struct Auction {
  AuctionId id;
  SharedTerms terms;
  Sequence sequence;  // of the last event applied
  AuctionState state = AuctionState::scheduled;
  bool sold = false;  // only after close
  std::uint32_t extensions = 0;
  std::uint64_t bids = 0;  // accepted ones
  Amount price;            // meaningless while bids == 0
  Timestamp closes_at;     // moves by soft close
  BidderId leader;         // empty while bids == 0; after a sale, the winner

  // The standing price; none before any bid.
  [[nodiscard]] std::optional<Amount> standing_price() const;
  // The lowest admissible next amount: the opening price before any bid; none if no amount is left.
  [[nodiscard]] std::optional<Amount> minimum_next() const;
  // The winner: none unless closed and sold.
  [[nodiscard]] std::optional<BidderId> winner() const;
  // Whether the reserve is met by the standing price; none if there is no reserve.
  [[nodiscard]] std::optional<bool> reserve_met() const;
  // When time alone next changes the state: opens_at if scheduled, closes_at if open, else none.
  [[nodiscard]] std::optional<Timestamp> next_boundary() const;

  friend bool operator==(const Auction& a, const Auction& b);
};

}  // namespace flashbid
