// What this node has acknowledged, so that a failover that loses some of it does not go unnoticed: per auction the
// newest acknowledged sequence. A new epoch makes suspects of them all, each until it is known what was kept.
// Bounded. Lives on the Redis thread.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {

class LossWatch {
 public:
  static constexpr std::size_t max_auctions = 200'000;  // beyond that the watch starts over with the newest

  // An auction that may have gone back behind what was acknowledged, since `epoch` began.
  struct Suspect {
    AuctionId auction;
    Sequence acknowledged;
    Epoch epoch;
  };

  explicit LossWatch(unsigned shards) : shards_(shards) {}

  void acknowledged(unsigned shard, AuctionId auction, Sequence sequence, Timestamp closes_at) {
    auto& known = shards_[shard].acknowledged;
    if (known.size() >= most_of_a_shard() && !known.contains(auction)) known.clear();
    Acknowledged& newest = known[auction];
    if (sequence > newest.sequence) newest = {sequence, closes_at};
  }

  // `epoch` begins on the shard. What has long been over is not asked for: it may have left Redis.
  void suspect(unsigned shard, Epoch epoch, Timestamp now) {
    auto& [known, suspects] = shards_[shard];
    for (const auto& [auction, newest] : std::exchange(known, {})) {
      if (newest.closes_at + effect_kept < now || suspects.size() >= most_of_a_shard()) continue;
      Suspect& suspected = suspects.try_emplace(auction, auction, newest.sequence, epoch).first->second;
      suspected.acknowledged = std::max(suspected.acknowledged, newest.sequence);
    }
  }
  // Some of the shard's, at most `most`.
  [[nodiscard]] std::vector<Suspect> suspects(unsigned shard, std::size_t most) const {
    std::vector<Suspect> some;
    for (const auto& [auction, suspected] : shards_[shard].suspects) {
      if (some.size() == most) break;
      some.push_back(suspected);
    }
    return some;
  }
  // It is known what was kept of it. False if more is suspected by now: then it is to be asked for again.
  [[nodiscard]] bool clear(unsigned shard, const Suspect& suspect) {
    auto& suspects = shards_[shard].suspects;
    const auto found = suspects.find(suspect.auction);
    if (found == suspects.end() || found->second.acknowledged != suspect.acknowledged) return false;
    suspects.erase(found);
    return true;
  }

 private:
  struct Acknowledged {
    Sequence sequence;
    Timestamp closes_at;  // as that bid's answer said
  };
  struct Shard {
    std::unordered_map<AuctionId, Acknowledged> acknowledged;
    std::unordered_map<AuctionId, Suspect> suspects;
  };

  [[nodiscard]] std::size_t most_of_a_shard() const { return max_auctions / shards_.size(); }

  std::vector<Shard> shards_;
};

}  // namespace flashbid
