// What operators did to an auction: who, what, when. It is in the ledger as the events that it caused, who it was in
// their hidden parts (docs/formats.md). Pure, but for what a reader does; any thread that has one.
//
// An auction has few: its first event, and its last if it was called off. So they are found without its history.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "auction/auction.hpp"
#include "auction/event.hpp"
#include "base/result.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

struct OperatorAction {
  Sequence sequence;        // of the event
  std::string_view action;  // its name: created, cancelled
  BidderId by;              // empty = unknown
  Timestamp at;
  friend bool operator==(const OperatorAction&, const OperatorAction&) = default;
};

// Whether an event is what an operator asked for.
[[nodiscard]] bool is_action(const EventBody& body);

// Where those of an auction are, in order.
[[nodiscard]] std::vector<Sequence> action_places(const Auction& auction);

// An event's text and hidden part as an action. Failure::corrupt if it is none.
[[nodiscard]] Result<OperatorAction> action_of(std::string_view payload, std::string_view secret);

// Those at `places`, which history has. Failure::corrupt if it lacks one.
[[nodiscard]] Result<std::vector<OperatorAction>> read_actions(LedgerReader& reader, AuctionId auction,
                                                               std::span<const Sequence> places);

}  // namespace flashbid
