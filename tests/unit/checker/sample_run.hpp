// Makes recorded histories of a correct auction, by simple rules of its own, for the checker to be tried on.
#pragma once

#include <cstdint>
#include <string_view>

#include "checker/history.hpp"

namespace flashbid::checker {

class SampleRun {
 public:
  // One auction, English, increment 100, opening at 1000, opens after 1 s, closes after 60 s, soft close from_bid
  // 5 s / 5 s at most twice, limit 100 000, seller "seller", the leader may not bid again.
  SampleRun();

  void pass(std::int64_t ms) { now_.ms += ms; }
  // When the next operation is sent before, and answered after, its decision.
  void overlap(std::int64_t sent_before_ns, std::int64_t answered_after_ns) {
    sent_before_ns_ = sent_before_ns;
    answered_after_ns_ = answered_after_ns;
  }
  // Decides a bid now; its index in history.operations.
  std::size_t bid(std::string_view bidder, std::int64_t amount, std::string_view key = {});
  // As bid(), but the answer is lost.
  std::size_t lose_answer_of(std::string_view bidder, std::int64_t amount, std::string_view key = {});
  // An operation that changes nothing: refused, or unknown without effect.
  std::size_t without_effect(std::string_view bidder, std::int64_t amount, Outcome outcome);
  // The same operation asked and answered again.
  std::size_t repeat(std::size_t operation);
  // Somebody reads the auction.
  void read();
  // Appends opened, closed, whatever time brings.
  void tick();
  // Last read, list of bids, watchers.
  History finish();

  [[nodiscard]] const AuctionRecord& auction() const { return history_.auctions.front(); }

 private:
  void append(HistoryEvent event);
  [[nodiscard]] StateSeen state() const;
  [[nodiscard]] Reason reason_for(BidderIndex bidder, std::int64_t amount) const;
  void add_watchers();

  History history_;
  Timestamp now_;
  std::int64_t ns_ = 1'000'000;
  std::int64_t sent_before_ns_ = 2;
  std::int64_t answered_after_ns_ = 2;
  BidderIndex seller_ = nobody;
  StateSeen now_seen_;
  std::vector<StateSeen> states_;  // after each event
};

// A short run with every kind of operation in it; correct.
[[nodiscard]] History sample_history();

}  // namespace flashbid::checker
