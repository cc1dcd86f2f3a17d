// Plays an auction's events again through the rules: each event must be what `decide` says about the state before it,
// byte for byte, one after another without a gap. For verify; values only, any thread.
//
// It holds today's rules against the past: an auction that ran under a preset whose table has changed since does not
// pass.
#pragma once

#include <string>
#include <string_view>

#include "auction/decide.hpp"
#include "base/result.hpp"
#include "ledger/history_step.hpp"
#include "ledger/record.hpp"

namespace flashbid {

class Replay {
 public:
  explicit Replay(AuctionId id) : id_(id) {}

  // The next event of this auction. Failure::corrupt says what is wrong with it, and what would be right.
  [[nodiscard]] Result<void> play(const Record& record);
  // The last record played, as it was read.
  [[nodiscard]] const HistoryStep& last_step() const { return step_; }
  // The state after the last event.
  [[nodiscard]] const Auction& auction() const { return auction_; }
  // Whether a decision's events are not all there yet: an `extended` must follow its bid.
  [[nodiscard]] bool in_the_middle() const { return !expected_.empty(); }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] Timestamp last_at() const { return last_at_; }
  // Whether `answer`, a rejection whose text is `stored`, is what the rules say about its bid on the state that it
  // rests on, which is that after the last event. Failure::corrupt says in which member it is not, but not whose answer
  // it is.
  [[nodiscard]] Result<void> check_rejection(const BidAnswer& answer, std::string_view stored) const;

 private:
  [[nodiscard]] Result<void> expect_decision(const Event& event);
  [[nodiscard]] std::unexpected<Error> violation(Sequence sequence, std::string_view why) const;

  AuctionId id_;
  Auction auction_;
  Epoch epoch_;
  Timestamp last_at_;
  Events expected_;  // of the decision that has begun
  HistoryStep step_;
};

}  // namespace flashbid
