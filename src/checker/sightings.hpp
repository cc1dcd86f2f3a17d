// What was read and watched of one auction against its history. Pure; used by the checker only.
#pragma once

#include "checker/findings.hpp"
#include "checker/history.hpp"
#include "checker/knowledge.hpp"
#include "checker/replay.hpp"

namespace flashbid::checker {

class Sightings {
 public:
  Sightings(const History& history, const AuctionRecord& auction, const Replay& replay, const Knowledge& knowledge,
            Findings& findings);
  // GETs: the auction and its list of bids.
  void check_reads();
  // The end: closed if that was waited for, and the price of the highest accepted bid. `highest_accepted` is of the
  // answers.
  void check_end(std::optional<Amount> highest_accepted);
  void check_watcher(const WatcherRecord& watcher, std::size_t number);

 private:
  void check_state(const StateSeen& seen, Rule rule, const char* what, std::size_t number);
  void check_fresh(const StateSeen& seen, Rule rule, const char* what, std::size_t number);
  void check_order(const WatcherRecord& watcher, std::size_t number);
  void check_bids_list();

  const History& history_;
  const AuctionRecord& auction_;
  const Replay& replay_;
  const Knowledge& knowledge_;
  Findings& findings_;
  std::vector<std::uint64_t> digests_;  // of the history's events, in order
};

}  // namespace flashbid::checker
