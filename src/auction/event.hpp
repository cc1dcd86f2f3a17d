// Durable facts of one auction. An auction is what its events say, applied in sequence. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "auction/terms.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

struct Created {
  SharedTerms terms;
};
struct Opened {};
struct BidAccepted {
  BidderId bidder;
  Amount amount;
  Amount price;                        // standing price after this bid (English: the amount)
  BidderId leader;                     // leader after this bid (English: the bidder)
  std::optional<Amount> minimum_next;  // none if no admissible amount is left
  Timestamp closes_at;                 // the end in force when the bid was decided; Extended tells of a move
};
struct Extended {
  Timestamp closes_at;
  std::uint32_t extensions = 0;  // how often the end has moved, this time included
};
struct Closed {
  BidderId winner;              // empty = unsold
  std::optional<Amount> price;  // standing price; none without a bid
  bool sold = false;            // there was a bid and the reserve, if any, was met
};
struct Cancelled {};

using EventBody = std::variant<Created, Opened, BidAccepted, Extended, Closed, Cancelled>;

struct Event {
  Sequence sequence;
  Timestamp at;
  EventBody body;
};

// The event's name on the wire: created, opened, bid_accepted, extended, closed, cancelled.
[[nodiscard]] std::string_view name_of(const EventBody& body);

}  // namespace flashbid
