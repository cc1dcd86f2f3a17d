// An accepted bid's answer from what its events say, for those who are told it again. Pure; any thread.
#pragma once

#include <string_view>

#include "auction/event.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// What the bid's own event says; an `extended` that follows moves closes_at and as_of_sequence.
[[nodiscard]] BidAnswer answer_from(AuctionId auction, const Event& event, const BidAccepted& bid);
void extend(BidAnswer& answer, const Event& event, const Extended& extended);

// The same of the events as they are stored; `next` = the one behind it, empty if there is none.
[[nodiscard]] Result<BidAnswer> answer_from_payloads(std::string_view bid, std::string_view next);

}  // namespace flashbid
