// What names an event for good: AUCTION-EPOCH-SEQUENCE, as in its envelope. Any thread.
#pragma once

#include <fmt/format.h>

#include <string>

#include "ledger/record.hpp"
#include "ledger/record_of_event.hpp"

namespace flashbid::amqp {

// Of a record whose payload is an event's text.
[[nodiscard]] inline std::string event_id(const Record& record) {
  const auto place = place_of_event(*record.payload);
  const std::uint64_t epoch = place ? place->epoch.value() : 0;
  return fmt::format("{}-{}-{}", record.auction.value(), epoch, record.sequence.value());
}

}  // namespace flashbid::amqp
