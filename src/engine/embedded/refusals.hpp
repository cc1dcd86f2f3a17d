// What the embedded engine says no to in more than one place: one sentence each. Pure; any thread.
#pragma once

#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace flashbid {

[[nodiscard]] inline Error no_such_auction(AuctionId id) {
  return {Failure::not_found, "there is no auction " + std::to_string(id.value())};
}

[[nodiscard]] inline Error key_reused(const IdempotencyKey& key) {
  return {Failure::key_reused, "idempotency key \"" + std::string(key.view()) +
                                   "\" was used before with another body; use a new key for a new request"};
}

}  // namespace flashbid
