// What this node has acknowledged, so that a failover that loses some of it does not go unnoticed: per auction the
// newest acknowledged sequence. Bounded. Lives on the Redis thread.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace flashbid {

class LossWatch {
 public:
  static constexpr std::size_t max_auctions = 200'000;  // beyond that the watch starts over with the newest

  explicit LossWatch(unsigned shards) : acknowledged_(shards) {}

  void acknowledged(unsigned shard, AuctionId auction, Sequence sequence) {
    auto& known = acknowledged_[shard];
    if (known.size() >= max_auctions / acknowledged_.size() && !known.contains(auction)) known.clear();
    Sequence& newest = known[auction];
    if (sequence > newest) newest = sequence;
  }

  // All that was acknowledged on the shard; forgotten here from now on.
  [[nodiscard]] std::vector<std::pair<AuctionId, Sequence>> take(unsigned shard) {
    std::vector<std::pair<AuctionId, Sequence>> taken(acknowledged_[shard].begin(), acknowledged_[shard].end());
    acknowledged_[shard].clear();
    return taken;
  }

 private:
  std::vector<std::unordered_map<AuctionId, Sequence>> acknowledged_;  // by shard
};

}  // namespace flashbid
