// What the engines say no to in more than one place: one sentence each. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace flashbid {

[[nodiscard]] inline Error no_such_auction(AuctionId id) {
  return {Failure::not_found, "there is no auction " + std::to_string(id.value())};
}

[[nodiscard]] inline Error auction_is_there(AuctionId id) {
  return {Failure::conflict, "auction " + std::to_string(id.value()) + " is there already"};
}

[[nodiscard]] inline Error no_id_is_left() {
  return {Failure::conflict, "no automatic auction id is left; give an id"};
}

// `state`: closed or cancelled.
[[nodiscard]] inline Error auction_is_over(AuctionId id, std::string_view state) {
  return {Failure::conflict, "auction " + std::to_string(id.value()) + " is " + std::string(state) + " already"};
}

[[nodiscard]] inline Error key_reused(const IdempotencyKey& key) {
  return {Failure::key_reused, "idempotency key \"" + std::string(key.view()) +
                                   "\" was used before with another body; use a new key for a new request"};
}

}  // namespace flashbid
