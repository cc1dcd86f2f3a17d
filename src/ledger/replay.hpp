// Plays an auction's events again through the rules: each event must be what `decide` says about the state before it,
// byte for byte, one after another without a gap. For verify; values only, any thread.
//
// It holds today's rules against the past: an auction that ran under a preset whose table has changed since does not
// pass.
#pragma once

#include <string>

#include "auction/decide.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

class Replay {
 public:
  explicit Replay(AuctionId id) : id_(id) {}

  // The next event of this auction. Failure::corrupt says what is wrong with it.
  [[nodiscard]] Result<void> play(const Record& record);
  // The state after the last event.
  [[nodiscard]] const Auction& auction() const { return auction_; }
  // Whether a decision's events are not all there yet: an `extended` must follow its bid.
  [[nodiscard]] bool in_the_middle() const { return !expected_.empty(); }
  [[nodiscard]] Epoch epoch() const { return epoch_; }

 private:
  [[nodiscard]] Result<void> expect_decision(const Event& event);
  [[nodiscard]] std::unexpected<Error> violation(Sequence sequence, std::string_view why) const;

  AuctionId id_;
  Auction auction_;
  Epoch epoch_;
  Timestamp last_at_;
  Events expected_;  // of the decision that has begun
};

}  // namespace flashbid
