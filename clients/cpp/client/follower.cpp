#include "client/follower.hpp"

#include <tuple>

namespace flashbid::client {
namespace {

bool is_newer(Place one, Place other) {
  return std::tie(one.epoch, one.sequence) > std::tie(other.epoch, other.sequence);
}

}  // namespace

void apply(const Event& event, Auction& auction) {
  // The epoch stays that of the feed: an event of before it began keeps its own.
  auction.place.sequence = event.place.sequence;
  switch (event.kind) {
    case EventKind::opened:
      auction.state = AuctionState::open;
      break;
    case EventKind::bid_accepted:
      auction.price = event.price;
      auction.leader = event.leader;
      auction.minimum_next = event.minimum_next;
      auction.closes_at = event.closes_at;
      ++auction.bids;
      break;
    case EventKind::extended:
      auction.closes_at = event.closes_at;
      auction.extensions = event.extensions;
      break;
    case EventKind::closed:
      auction.state = AuctionState::closed;
      auction.winner = event.winner;
      auction.sold = event.sold;
      if (auction.reserve_met) auction.reserve_met = event.sold;
      break;
    case EventKind::cancelled:
      auction.state = AuctionState::cancelled;
      break;
    case EventKind::created:
    case EventKind::other:
      break;
  }
}

Follower::Taken Follower::tell(Update::Kind kind, Update& update) const {
  update = {kind, *auction_, std::nullopt};
  return Taken::told;
}

Follower::Taken Follower::start(Auction auction, Update::Kind kind, Update& update) {
  place_ = auction.place;
  auction_ = std::move(auction);
  return tell(kind, update);
}

Follower::Taken Follower::take(ResetFrame frame, Update& update) {
  const auto kind = auction_ ? Update::Kind::reset : Update::Kind::snapshot;
  return start(std::move(frame.auction), kind, update);
}

// A node may be behind what another one has told, or ahead of it by events that have not been told.
Follower::Taken Follower::take(SnapshotFrame frame, Update& update) {
  if (!auction_) return start(std::move(frame.auction), Update::Kind::snapshot, update);
  if (!is_newer(frame.auction.place, *place_)) return Taken::nothing;
  if (mode_ == Mode::latest) return start(std::move(frame.auction), Update::Kind::state, update);
  return Taken::gap;
}

Follower::Taken Follower::take(StateFrame frame, Update& update) {
  if (mode_ != Mode::latest) return Taken::nothing;
  if (!auction_) return Taken::gap;
  if (is_newer(*place_, frame.standing.place)) return Taken::nothing;
  static_cast<Standing&>(*auction_) = std::move(frame.standing);
  place_ = auction_->place;
  return tell(Update::Kind::state, update);
}

Follower::Taken Follower::take(EventFrame frame, Update& update) {
  if (mode_ != Mode::every) return Taken::nothing;
  if (!auction_) return Taken::gap;
  const Place at = frame.event.place;
  if (at.epoch > place_->epoch) return Taken::gap;  // what came before it may be another history
  if (at.sequence <= place_->sequence) return Taken::nothing;
  if (at.sequence != place_->sequence + 1) return Taken::gap;
  place_->sequence = at.sequence;
  apply(frame.event, *auction_);
  update = {Update::Kind::event, *auction_, std::move(frame.event)};
  return Taken::told;
}

}  // namespace flashbid::client
