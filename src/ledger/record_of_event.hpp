// An event's record from its text alone, for those whom only the text reaches (relay/). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

struct EventPlace {
  AuctionId auction;
  Epoch epoch;
  Sequence sequence;
  std::string_view event;  // its name
  Timestamp at;
};

// What an event's text begins and ends with. The rest is not read: whoever stores it decodes it. Failure::invalid,
// saying why, if it is no event's text.
[[nodiscard]] Result<EventPlace> place_of_event(std::string_view text);

// The same as a record.
[[nodiscard]] Result<Record> record_of_event(std::string text, std::string secret);

}  // namespace flashbid
