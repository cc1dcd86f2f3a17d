// How much of bidders' names others are shown (--public-bidders): what is masked here is what leaves the server; the
// ledger and everything behind it keep the names whole. Pure; any thread. Where names are shown in full, nothing is
// copied or read.
#pragma once

#include <cstdint>

#include "base/executor.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

enum class BidderNames : std::uint8_t { full, masked };

// A***e of Alice, A*** of A. A mask, not a pseudonym: many have the same, and who knows the names may guess. No bidder
// id has a `*`, so nobody can be called as another's mask. Nobody stays nobody.
[[nodiscard]] BidderId mask(const BidderId& bidder);

[[nodiscard]] inline BidderId shown(const BidderId& bidder, BidderNames names) {
  return names == BidderNames::full ? bidder : mask(bidder);
}

// The answer to a bid as its bidder may see it under masks: his own name whole, another leader's masked.
[[nodiscard]] BidAnswer masked_for_its_bidder(BidAnswer answer);

// An event's JSON as it is shown: the same bytes if it names no bidder. Failure::corrupt for what is no event.
[[nodiscard]] Result<SharedBytes> shown(const SharedBytes& event_json, BidderNames names);

}  // namespace flashbid
