// What is durable, as one knows it who sees the disk whole: every record that was ever synced, judged as it comes by
// the naive oracle of tests/differential. What anybody is told is held against this. One thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "auction/event.hpp"
#include "differential/naive_oracle.hpp"
#include "ledger/record.hpp"
#include "simulation/story.hpp"

namespace flashbid::simulation {

// A decision that was made under an idempotency key.
struct KeyedDecision {
  AuctionId auction;
  Sequence sequence;  // 0 = a rejection
  std::string fingerprint;
  Timestamp at;
  std::string rejection;  // the answer's JSON, of a rejection
  std::string told;       // the answer's JSON as it was first told; empty = not yet
  std::uint64_t record = 0;
};

struct DurableAuction {
  struct Fact {
    Record record;
    Event event;
  };
  std::vector<Fact> facts;  // in sequence
  Auction image;            // after the last of them
  std::optional<naive::Auction> oracle;
  std::deque<naive::Fact> expected;           // of the decision that has begun
  std::map<Sequence, naive::Auction> states;  // after each decision, by its last event
};

class Truth {
 public:
  using Place = std::tuple<Operation, AuctionId, BidderId, IdempotencyKey>;

  explicit Truth(Story& story) : story_(story) {}

  // One transaction is durable. `now`: what the clock shows.
  void append(std::span<const Record> records, Timestamp now);

  [[nodiscard]] const std::map<AuctionId, DurableAuction>& auctions() const { return auctions_; }
  [[nodiscard]] const DurableAuction* auction(AuctionId id) const;
  [[nodiscard]] Sequence newest(AuctionId id) const;  // 0 = there is no such auction
  [[nodiscard]] const DurableAuction::Fact* fact(AuctionId id, Sequence sequence) const;
  // Null if no decision ends there.
  [[nodiscard]] const naive::Auction* state(AuctionId id, Sequence sequence) const;
  // Those made under one key, oldest first: more than one only if the earlier ones could be forgotten.
  [[nodiscard]] std::vector<KeyedDecision>& decisions(const Place& place) { return decisions_[place]; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] Timestamp last_at() const { return last_at_; }

 private:
  void add_event(const Record& record, const Event& event);
  [[nodiscard]] std::optional<naive::Answer> decide(DurableAuction& auction, const Event& event) const;
  void add_key(const Record& record, const KeyUse& use);

  Story& story_;
  std::map<AuctionId, DurableAuction> auctions_;
  std::map<Place, std::vector<KeyedDecision>> decisions_;
  std::uint64_t records_ = 0;
  Timestamp last_at_;
};

}  // namespace flashbid::simulation
