// What one journal row means for history: the same step for every adapter of the port, and for verify. Pure functions;
// any thread. A row that does not fit what came before it is Failure::corrupt.
#pragma once

#include <optional>
#include <span>

#include "ledger/event_codec.hpp"
#include "ledger/ledger.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// How long an answer can be asked for again.
inline constexpr Duration rejection_kept{10 * 60 * 1000};    // after decided_at
inline constexpr Duration effect_kept{24 * 60 * 60 * 1000};  // after the auction's end

// A key that history is to remember. Without `expires` it stays until the auction's end and `effect_kept`.
struct RememberedKey {
  KeyUse use;
  AuctionId scope;  // 0 for a create
  StoredAnswer answer;
  std::optional<Timestamp> expires;
};

struct HistoryStep {
  std::optional<Event> event;        // none for an answer
  Epoch epoch;                       // of the event
  std::optional<RememberedKey> key;  // none if the command had none
};

// Reads a record whole and checks that its columns say what its payload says.
[[nodiscard]] Result<HistoryStep> read_step(const Record& record);

// The place in the scope (operation, auction) that a key of `auction` has: 0 for a create.
[[nodiscard]] inline AuctionId key_scope(Operation operation, AuctionId auction) {
  return operation == Operation::create ? AuctionId{0} : auction;
}

// Moves `image` on by one event of auction `id`; a default-made image before its `created`.
[[nodiscard]] Result<void> advance(Auction& image, AuctionId id, const Event& event);

// The auction right after its creation, which opened it at once if that was due, and closed it if its end had passed by
// then. `first`: its first `creation_events` events, or as many as there are.
inline constexpr std::size_t creation_events = 3;
[[nodiscard]] Result<Auction> as_created(AuctionId id, std::span<const DecodedEvent> first);

[[nodiscard]] inline bool is_over(AuctionState state) {
  return state == AuctionState::closed || state == AuctionState::cancelled;
}

}  // namespace flashbid
