// What the house has told anybody, and what its ledger has said to be durable: the promises that must survive. Values
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "ledger/record.hpp"

namespace flashbid::fault {

// An auction was shown, quoted or pushed as of this event.
struct Quote {
  AuctionId auction;
  Sequence sequence;
  SharedBytes bytes;  // of the event, if it was told; else null
};

struct AnsweredBid {
  BidRequest request;
  BidAnswer answer;
};

using Batch = std::shared_ptr<const std::vector<Record>>;

// How much had been promised at one moment: a place in Told.
struct Promise {
  std::size_t records = 0;
  std::size_t bids = 0;
  std::size_t quotes = 0;
  Batch in_flight;
  std::int64_t now_ms = 0;
};

struct Told {
  std::vector<Record> records;  // that append() returned for, in order
  std::vector<AnsweredBid> bids;
  std::vector<Quote> quotes;
  // Appended and not returned for, or with an unknown outcome: there whole or not at all. Null = none.
  Batch in_flight;
  // Refused as surely not done, by key. Who asks again may get it done.
  std::map<std::string, Error> refused;

  [[nodiscard]] Promise promise(std::int64_t now_ms) const {
    return {records.size(), bids.size(), quotes.size(), in_flight, now_ms};
  }
  // What had been told then, and no more.
  [[nodiscard]] Told at(const Promise& promise) const {
    const auto first = [](const auto& all, std::size_t count) {
      return std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    };
    return {first(records, promise.records),
            first(bids, promise.bids),
            first(quotes, promise.quotes),
            promise.in_flight,
            {}};
  }
};

}  // namespace flashbid::fault
