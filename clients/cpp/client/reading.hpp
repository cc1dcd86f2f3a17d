// The server's JSON as the values of types.hpp. Members that this client does not know are passed over; what a newer
// server may add to a list is `other`. Fails with `malformed_answer` and the member that is wrong. Pure; one thread.
#pragma once

#include <simdjson.h>

#include "flashbid/types.hpp"

namespace flashbid::client {

[[nodiscard]] Result<BidResult> read_bid_result(simdjson::dom::element json);
[[nodiscard]] Result<Event> read_event(simdjson::dom::element json);
// Of an auction, or of a `state` frame.
[[nodiscard]] Result<Standing> read_standing(simdjson::dom::element json);
[[nodiscard]] Result<Auction> read_auction(simdjson::dom::element json);
[[nodiscard]] Result<Bid> read_bid(simdjson::dom::element json);
// An answer that is no result, from its body (problem+json, if the server wrote it), or an `error` frame.
[[nodiscard]] Problem read_problem(simdjson::dom::element json);

[[nodiscard]] Problem malformed(std::string detail);

}  // namespace flashbid::client
