// What the bidders of this process know together, as if all watched the page: the newest state of each auction that
// anybody was told of. Lives on the simulation's thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <vector>

#include "bots/temper.hpp"
#include "checker/history.hpp"

namespace flashbid::bots {

class Market {
 public:
  struct Stall {
    AuctionId id;
    Amount opening;
    Glimpse newest;
  };

  void add(const checker::AuctionRecord& auction);
  void learn(const checker::Operation& decided);
  void learn(AuctionId auction, const checker::StateSeen& seen);
  [[nodiscard]] const Stall& stall(std::size_t number) const { return stalls_[number]; }
  [[nodiscard]] std::size_t size() const { return stalls_.size(); }
  // Whether every auction has ended.
  [[nodiscard]] bool over() const { return ended_ == stalls_.size(); }

  // The server's clock less this machine's wall clock, as far as it is known.
  Duration clock_offset;

 private:
  void end(Stall& stall, AuctionState state);
  std::vector<Stall> stalls_;
  boost::unordered_flat_map<std::uint64_t, std::size_t> places_;
  std::size_t ended_ = 0;
};

}  // namespace flashbid::bots
