// What everybody outside was told and when, as bots would write it down: the history of one run, for the product's own
// checker to judge beside the simulation's truth. Its clock counts what happens, so that every order is exact. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "checker/checker.hpp"
#include "engine/engine.hpp"
#include "feed/hub.hpp"
#include "simulation/truth.hpp"

namespace flashbid::simulation {

class Recording {
 public:
  using Place = std::size_t;

  // This moment, later than any before. What is asked says when.
  [[nodiscard]] std::int64_t now_ns() { return ++ns_; }

  // A bid is sent; until it is answered nobody knows its outcome.
  [[nodiscard]] Place sent(const BidRequest& bid);
  void answered(Place bid, const Result<BidAnswer>& answer);
  // Somebody is shown an auction that he asked for at `asked_ns`; 0 = it may be older.
  void shown(const AuctionView& view, std::int64_t asked_ns);

  // A watcher connects. `resumed_after`: the event after which it asks to go on.
  [[nodiscard]] Place watches(AuctionId auction, WatchMode mode, std::optional<Sequence> resumed_after);
  void told_state(Place watcher, const AuctionView& view);
  // `as_durable`: in the ledger's own words.
  void told_event(Place watcher, Sequence sequence, bool as_durable);

  void clock_set_back() { clock_was_set_back_ = true; }
  void restarted() { history_.clock_ran_back = history_.clock_ran_back || clock_was_set_back_; }

  // Once, at the end of a run.
  [[nodiscard]] checker::Report judge(const Truth& truth);

 private:
  [[nodiscard]] checker::BidderIndex name(const BidderId& bidder);
  [[nodiscard]] checker::StateSeen seen(const AuctionView& view, std::int64_t asked_ns);
  [[nodiscard]] checker::HistoryEvent event(const DurableAuction::Fact& fact);
  void add_auction(AuctionId id, const DurableAuction& auction);

  checker::History history_;
  std::map<AuctionId, std::vector<checker::StateSeen>> reads_;
  std::map<AuctionId, std::vector<std::uint64_t>> digests_;
  std::vector<std::int64_t> watching_since_;  // by watcher
  std::int64_t ns_ = 0;
  bool clock_was_set_back_ = false;
};

}  // namespace flashbid::simulation
