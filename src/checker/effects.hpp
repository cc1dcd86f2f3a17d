// The operations of one auction against its history: what each had for an effect, and whether its answer was true.
// Pure; used by the checker only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checker/findings.hpp"
#include "checker/history.hpp"
#include "checker/knowledge.hpp"
#include "checker/origins.hpp"
#include "checker/replay.hpp"

namespace flashbid::checker {

class Effects {
 public:
  // `operations` are this auction's indices into history.operations.
  Effects(const History& history, const AuctionRecord& auction, std::span<const std::uint32_t> operations,
          const Replay& replay, const Knowledge& knowledge, Findings& findings);
  void check();
  [[nodiscard]] std::uint64_t retries() const { return retries_; }

 private:
  static constexpr std::uint32_t none = 0xffff'ffff;
  // All that was sent under one (bidder, key) and came to one decision, or once without a key.
  struct Attempt {
    std::uint32_t first;          // operation
    std::uint32_t decided;        // the operation whose answer stands for all; or none
    std::int64_t sent_ns;         // the first that may have been decided so
    std::uint32_t before = none;  // the decision under the same key that was forgotten
  };

  void gather();
  [[nodiscard]] std::uint32_t attempt_of(std::uint32_t index);
  void merge(std::uint32_t attempt, std::uint32_t index);
  void report_other_answer(const Operation& before, std::uint32_t index);
  [[nodiscard]] static bool may_be_forgotten(const Operation& one, const Operation& other);
  [[nodiscard]] static std::uint64_t scope_of(const Operation& operation);
  void date_attempts();
  void gather_origins();
  [[nodiscard]] Sequence first_from(Timestamp at) const;
  void check_accepted(const Attempt& attempt);
  void check_rejected(const Attempt& attempt);
  void check_quote(const Operation& operation, const ReplayState& state);
  void check_origins();
  [[nodiscard]] std::string told(const Operation& operation) const;

  const History& history_;
  const AuctionRecord& auction_;
  std::span<const std::uint32_t> operations_;
  const Replay& replay_;
  const Knowledge& knowledge_;
  Findings& findings_;
  std::vector<Attempt> attempts_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> by_key_;  // (bidder, key) -> its latest attempt
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> claims_;  // sequence -> operation
  boost::unordered_flat_set<BidderIndex> bidders_;                  // with an operation here
  Origins origins_;
  std::uint64_t retries_ = 0;
};

}  // namespace flashbid::checker
