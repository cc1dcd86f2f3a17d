// What the ledger keeps: one record a durable fact. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "auction/auction.hpp"
#include "auction/decide.hpp"
#include "base/executor.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

enum class RecordKind : std::uint8_t {
  event = 1,   // an event of an auction; payload = its public JSON (event_codec.hpp)
  answer = 2,  // a rejection that carried an idempotency key; no sequence; payload = the answer's JSON
};

// One row, appended once and never changed.
struct Record {
  AuctionId auction;
  Sequence sequence;  // of the event; 0 for an answer
  RecordKind kind = RecordKind::event;
  Timestamp at;
  SharedBytes payload;  // never null
  std::string secret;   // JSON of what the public may not see (SecretPart); empty = nothing
};

// Which operation an idempotency key was used for; keys of different operations never meet.
enum class Operation : std::uint8_t { bid = 1, create = 2, cancel = 3 };

// A remembered use of an idempotency key: scope is (operation, auction, caller, key); a create's auction is 0.
struct KeyUse {
  Operation operation = Operation::bid;
  BidderId caller;
  IdempotencyKey key;
  std::string fingerprint;  // of the request's body: equal bodies have equal ones (a bid's is its amount as text)
  friend bool operator==(const KeyUse&, const KeyUse&) = default;
};

// The answer to a bid: what the caller is told, and told again for the same key.
struct BidAnswer {
  AuctionId auction;
  Verdict verdict = Verdict::rejected;
  Reason reason = Reason::none;
  Sequence sequence;  // of its bid_accepted event; 0 if rejected
  BidderId bidder;
  Amount amount;
  std::optional<Amount> price;
  BidderId leader;  // empty = none
  std::optional<Amount> minimum_next;
  Timestamp closes_at;
  Sequence as_of_sequence;
  Timestamp decided_at;
  friend bool operator==(const BidAnswer&, const BidAnswer&) = default;
};

}  // namespace flashbid
