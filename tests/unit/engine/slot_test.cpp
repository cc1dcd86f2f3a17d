// An auction leaves memory only when history and nobody else needs it.
#include "engine/embedded/slot.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace flashbid {
namespace {

TEST(Slot, IsEvictableWhenNothingHoldsIt) {
  const CallerKey key{Operation::bid, *BidderId::from("Bob"), *IdempotencyKey::from("k")};
  const struct {
    const char* what;
    bool evictable;
    std::function<void(Slot&)> change;
  } table[] = {
      {"closed, and in history", true, [](Slot&) {}},
      {"cancelled", true, [](Slot& slot) { slot.durable.state = AuctionState::cancelled; }},
      {"open", false, [](Slot& slot) { slot.durable.state = AuctionState::open; }},
      {"scheduled", false, [](Slot& slot) { slot.durable.state = AuctionState::scheduled; }},
      {"in flight", false, [](Slot& slot) { slot.ahead = std::make_unique<Auction>(slot.durable); }},
      {"watched", false, [](Slot& slot) { slot.watchers = 1; }},
      {"not all has moved", false, [](Slot& slot) { slot.moved = Sequence{3}; }},
      {"no answer is remembered any more", true,
       [&](Slot& slot) {
         slot.remembered = std::make_unique<RememberedAnswers>(false);
         slot.remembered->remember(key, {});
         slot.remembered->expire(key);
       }},
      {"an answer is remembered", false,
       [&](Slot& slot) {
         slot.remembered = std::make_unique<RememberedAnswers>(false);
         slot.remembered->remember(key, {});
       }},
  };
  for (const auto& [what, evictable, change] : table) {
    Slot slot;
    slot.durable.state = AuctionState::closed;
    slot.durable.sequence = slot.moved = Sequence{4};
    change(slot);
    EXPECT_EQ(slot.evictable(), evictable) << what;
  }
}

}  // namespace
}  // namespace flashbid
