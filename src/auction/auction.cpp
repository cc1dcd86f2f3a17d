#include "auction/auction.hpp"

namespace flashbid {
namespace {

bool same_terms(const SharedTerms& a, const SharedTerms& b) { return a == b || (a && b && *a == *b); }

}  // namespace

std::string_view to_text(AuctionState state) {
  switch (state) {
    case AuctionState::scheduled:
      return "scheduled";
    case AuctionState::open:
      return "open";
    case AuctionState::closed:
      return "closed";
    case AuctionState::cancelled:
      return "cancelled";
  }
  return "";
}

std::optional<AuctionState> parse_auction_state(std::string_view text) {
  for (const auto state :
       {AuctionState::scheduled, AuctionState::open, AuctionState::closed, AuctionState::cancelled}) {
    if (text == to_text(state)) return state;
  }
  return std::nullopt;
}

std::optional<Amount> Auction::standing_price() const {
  if (bids == 0) return std::nullopt;
  return price;
}

std::optional<Amount> Auction::minimum_next() const {
  if (bids == 0) return terms->opening_price;
  return terms->increment.minimum_next(price);
}

std::optional<BidderId> Auction::winner() const {
  if (state != AuctionState::closed || !sold) return std::nullopt;
  return leader;
}

std::optional<bool> Auction::reserve_met() const {
  if (!terms->reserve) return std::nullopt;
  return bids > 0 && price >= *terms->reserve;
}

std::optional<Timestamp> Auction::next_boundary() const {
  switch (state) {
    case AuctionState::scheduled:
      return terms->opens_at;
    case AuctionState::open:
      return closes_at;
    case AuctionState::closed:
    case AuctionState::cancelled:
      return std::nullopt;
  }
  return std::nullopt;
}

bool operator==(const Auction& a, const Auction& b) {
  return a.id == b.id && a.sequence == b.sequence && a.state == b.state && a.sold == b.sold &&
         a.extensions == b.extensions && a.bids == b.bids && a.standing_price() == b.standing_price() &&
         a.closes_at == b.closes_at && a.leader == b.leader && same_terms(a.terms, b.terms);
}

}  // namespace flashbid
