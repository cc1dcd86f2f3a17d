// The operations of one auction against its history: what each had for an effect, and whether its answer was true.
// Pure; used by the checker only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "bots/findings.hpp"
#include "bots/history.hpp"
#include "bots/knowledge.hpp"
#include "bots/replay.hpp"

namespace flashbid::bots {

class Effects {
 public:
  // `operations` are this auction's indices into history.operations.
  Effects(const History& history, const AuctionRecord& auction, std::span<const std::uint32_t> operations,
          const Replay& replay, const Knowledge& knowledge, Findings& findings);
  void check();
  [[nodiscard]] std::uint64_t retries() const { return retries_; }

 private:
  // All attempts of one bid: those with one (bidder, key), or one without a key.
  struct Attempt {
    std::uint32_t first;    // operation
    std::uint32_t decided;  // the operation whose answer stands for all; none = no_operation
    std::int64_t first_sent_ns;
    bool unknown;  // one of them may have taken effect unseen
  };
  static constexpr std::uint32_t no_operation = 0xffff'ffff;

  void gather();
  void merge(Attempt& attempt, std::uint32_t index);
  void check_accepted(const Attempt& attempt);
  void check_rejected(const Attempt& attempt);
  void check_quote(const Operation& operation, const ReplayState& state);
  void check_origins();
  [[nodiscard]] bool explain(const HistoryEvent& event);
  [[nodiscard]] std::string told(const Operation& operation) const;

  const History& history_;
  const AuctionRecord& auction_;
  std::span<const std::uint32_t> operations_;
  const Replay& replay_;
  const Knowledge& knowledge_;
  Findings& findings_;
  std::vector<Attempt> attempts_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> by_key_;  // (bidder, key) -> attempt
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> claims_;  // sequence -> operation
  boost::unordered_flat_set<BidderIndex> bidders_;                  // with an operation here
  struct Unseen {
    BidderIndex bidder;
    Amount amount;
    Sequence after;  // its effect, if any, came after this
    bool used = false;
  };
  std::vector<Unseen> unseen_;  // sorted by bidder, amount, after
  std::uint64_t retries_ = 0;
};

}  // namespace flashbid::bots
