// What a watcher knows of one auction, kept by frames in whatever order connections die. Pure: frames in, updates out;
// the caller sends what place() says. What was told once is never taken back but by a reset.
#pragma once

#include <optional>
#include <variant>

#include "flashbid/client.hpp"

namespace flashbid::client {

struct SnapshotFrame {
  Auction auction;
};
struct ResetFrame {
  Auction auction;
};
struct EventFrame {
  Event event;
};
struct StateFrame {
  std::uint64_t auction_id = 0;
  Standing standing;
};

class Follower {
 public:
  enum class Taken : std::uint8_t {
    told,     // `update` is new
    nothing,  // known already, or not for this mode
    gap,      // something is missing: subscribe again, from place() on
  };

  explicit Follower(Mode mode) : mode_(mode) {}

  // Where the next subscription goes on; none = from a snapshot.
  [[nodiscard]] std::optional<Place> place() const { return mode_ == Mode::every ? place_ : std::nullopt; }

  [[nodiscard]] Taken take(SnapshotFrame frame, Update& update);
  [[nodiscard]] Taken take(ResetFrame frame, Update& update);
  [[nodiscard]] Taken take(EventFrame frame, Update& update);
  [[nodiscard]] Taken take(StateFrame frame, Update& update);

 private:
  Taken start(Auction auction, Update::Kind kind, Update& update);
  Taken tell(Update::Kind kind, Update& update) const;

  Mode mode_;
  std::optional<Auction> auction_;
  std::optional<Place> place_;
};

// What an event changes of an auction.
void apply(const Event& event, Auction& auction);

}  // namespace flashbid::client
