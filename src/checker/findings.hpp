// What the checker found: violations as values, each with its rule and a precise sentence. No I/O; one thread.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace flashbid::checker {

// The rules that a history must keep; the invariants are design.md's.
enum class Rule : std::uint8_t {
  malformed,      // every answer, page and frame is as api.md says
  sequence_gap,   // INV-4: events are gapless from 1
  event_order,    // INV-6: created, opened, bids, one end, nothing after it
  event_time,     // an auction's clock never runs back; boundaries are kept
  price_step,     // INV-4: prices rise by at least the increment in force
  event_fields,   // what an event carries follows from the events before it
  late_bid,       // INV-7: nothing is accepted at or after closes_at
  extension,      // the soft close moves the end exactly as the terms say
  close,          // INV-6: winner, price and sold follow from the last bid and the reserve
  lost_bid,       // INV-1: an accepted bid is in the history
  changed_bid,    // INV-1: and is there as it was answered
  double_effect,  // INV-8: one operation, at most one event
  invented_bid,   // an accepted event has an operation behind it
  lost_state,     // INV-2: no answer rests on state that is not in the history
  answer_state,   // the state that an answer quotes is the state at its as_of_sequence
  wrong_reason,   // a rejection's reason is true, and the first that is
  decided_at,     // a decision's time lies where its as_of_sequence says
  real_time,      // INV-5: answered before sent is decided before
  stale_answer,   // INV-5: no answer rests on older state than was known when it was asked
  same_key,       // INV-8: the same key and body give the same answer
  read_state,     // an auction that is read is the state at its sequence
  stale_read,     // a read is not older than what was known when it was asked
  bids_list,      // the list of bids is the accepted events
  final_price,    // the last price is the highest accepted bid
  not_closed,     // an auction whose end was waited for is closed
  watcher_gap,    // INV-10: a watcher sees every event once, in order
  watcher_event,  // and as it stands in the history
  watcher_state,  // a snapshot or state frame is the state at its sequence, and never goes back
  watcher_end,    // a watcher that stayed saw the last price
};
inline constexpr std::size_t rule_count = 29;

[[nodiscard]] std::string_view to_text(Rule rule);

struct Violation {
  Rule rule;
  AuctionId auction;  // 0 = of none in particular
  std::string sentence;
};

// Counts every violation; keeps the first few sentences of each rule.
class Findings {
 public:
  static constexpr std::size_t kept_per_rule = 20;

  template <class... Args>
  void add(Rule rule, AuctionId auction, fmt::format_string<Args...> format, Args&&... args) {
    ++total_;
    if (++counts_[static_cast<std::size_t>(rule)] > kept_per_rule) return;
    kept_.push_back({rule, auction, fmt::format(format, std::forward<Args>(args)...)});
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t count(Rule rule) const { return counts_[static_cast<std::size_t>(rule)]; }
  [[nodiscard]] const std::vector<Violation>& kept() const { return kept_; }

 private:
  std::uint64_t total_ = 0;
  std::array<std::uint64_t, rule_count> counts_{};
  std::vector<Violation> kept_;
};

}  // namespace flashbid::checker
