// One auction's events played again, by rules written here anew: the checker shares no code of the decision with what
// it checks. Pure; used by the checker only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checker/findings.hpp"
#include "checker/history.hpp"

namespace flashbid::checker {

// The auction after one of its events.
struct ReplayState {
  Sequence sequence;  // of that event; 0 = before any
  Timestamp at;       // of that event
  Timestamp closes_at;
  std::optional<Amount> price;
  std::optional<Amount> minimum_next;
  BidderIndex leader = nobody;
  BidderIndex winner = nobody;
  std::uint64_t bids = 0;
  std::uint32_t extensions = 0;
  AuctionState state = AuctionState::scheduled;
  std::optional<bool> sold;
};

class Replay {
 public:
  // Plays the record's events and reports what is wrong among them.
  Replay(const AuctionRecord& auction, const Names& bidders, Findings& findings);

  // The state at `sequence`, or null if the history has no such event.
  [[nodiscard]] const ReplayState* at(Sequence sequence) const;
  // The event, or null.
  [[nodiscard]] const HistoryEvent* event(Sequence sequence) const;
  [[nodiscard]] Sequence last() const { return states_.back().sequence; }
  [[nodiscard]] const ReplayState& end() const { return states_.back(); }

  // The last event of the batch that the accepted bid `sequence` came in: itself or its extension.
  [[nodiscard]] Sequence batch_end(Sequence sequence) const;
  // The first reason that refuses the bid in `state`; none if nothing does.
  [[nodiscard]] Reason reason_for(const ReplayState& state, BidderIndex bidder, Amount amount) const;
  // The lowest amount that beats `price`.
  [[nodiscard]] std::optional<Amount> minimum_after(Amount price) const;

 private:
  void sort_states();
  void play(const HistoryEvent& event);
  void on_created(const HistoryEvent& event);
  void on_opened(const HistoryEvent& event);
  void on_bid(const HistoryEvent& event);
  void on_extended(const HistoryEvent& event);
  void on_closed(const HistoryEvent& event);
  void on_cancelled(const HistoryEvent& event);
  void expect_no_extension(const HistoryEvent* next);
  [[nodiscard]] std::optional<Timestamp> moved_end(Timestamp bid_at) const;

  const AuctionRecord& auction_;
  const Names& bidders_;
  Findings& findings_;
  BidderIndex seller_ = nobody;
  ReplayState now_;                              // while playing
  std::optional<Timestamp> expected_end_;        // the last event was a bid that must be followed by this extension
  bool gapless_ = true;                          // then a sequence is an index
  std::vector<ReplayState> states_;              // [0] before any event, [i] after events[i - 1]
  std::vector<const ReplayState*> by_sequence_;  // if there are gaps
};

}  // namespace flashbid::checker
