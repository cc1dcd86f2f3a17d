// One auction in a shard's memory. Belongs to the shard's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "auction/auction.hpp"
#include "engine/embedded/remembered.hpp"
#include "feed/tail.hpp"
#include "ledger/operator_action.hpp"

namespace flashbid {

struct Slot {
  Auction durable;                  // at its last committed event: what readers and watchers see (INV-3)
  std::unique_ptr<Auction> ahead;   // with the events still in flight applied; null while there are none
  std::uint64_t pending_batch = 0;  // the last batch that holds events of this auction, while `ahead` is there
  Tail tail;
  Sequence moved;                                 // history holds everything up to here
  std::unique_ptr<RememberedAnswers> remembered;  // null until a key is used, or history may know some
  std::vector<std::uint32_t> watchers_by_loop;    // empty until somebody watches
  std::uint32_t watchers = 0;
  std::vector<OperatorAction> actions;  // of the events that history does not have yet
  std::uint64_t committed_batch = 0;    // the last batch whose events reached `durable`
  bool cold = false;                    // listed among those that may be evicted

  // What the next command is decided on.
  [[nodiscard]] const Auction& current() const { return ahead ? *ahead : durable; }
  [[nodiscard]] bool is_over() const {
    return durable.state == AuctionState::closed || durable.state == AuctionState::cancelled;
  }
  // Everything about it is in history, nobody watches, nothing is in flight.
  [[nodiscard]] bool evictable() const {
    return is_over() && !ahead && watchers == 0 && moved == durable.sequence && (!remembered || remembered->empty());
  }
};

}  // namespace flashbid
