// Which accepted events may come from attempts that nobody saw decided. Each attempt has one effect at most, of one of
// the amounts that were sent under its key. Pure; used by the checker only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checker/history.hpp"

namespace flashbid::checker {

class Origins {
 public:
  using Attempt = std::uint32_t;  // what has one effect at most

  // `attempt` may have taken effect as an event at or after `from`. Before the first explain().
  void add(Attempt attempt, BidderIndex bidder, Amount amount, Sequence from);
  void settle();
  // Whether one that is not yet behind another event may be behind this one. Events come by rising sequence. Where keys
  // that sent several amounts have to be dealt out anew, it gives up after `most_tried` of them, and lets it be.
  [[nodiscard]] bool explain(const HistoryEvent& event);

 private:
  struct Chance {
    BidderIndex bidder;
    Amount amount;
    Sequence from;
    Attempt attempt;
  };
  // Chances of one bidder and amount, by `from`; `next` are taken.
  struct Group {
    std::size_t begin;
    std::size_t end;
    std::size_t next;
  };

  static constexpr std::size_t most_tried = 64;

  [[nodiscard]] Group* group_of(BidderIndex bidder, Amount amount);
  [[nodiscard]] bool move_over(const HistoryEvent& event, std::vector<Attempt>& tried);

  std::vector<Chance> sure_;   // attempts that sent one amount only
  std::vector<Chance> loose_;  // attempts that sent several amounts
  std::vector<Group> groups_;  // of sure_, by bidder and amount
  std::vector<Chance> all_;    // until settle()
  // By attempt, of loose_ ones: the event that it is behind.
  boost::unordered_flat_map<Attempt, const HistoryEvent*> behind_;
};

}  // namespace flashbid::checker
