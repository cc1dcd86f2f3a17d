// What one auction remembers of idempotency keys (INV-8). Belongs to the auction's shard.
//
// A remembered answer stays in memory until the ledger has moved its record into history, which then answers for it;
// a 64-bit hash stays behind, so that a key never seen costs no look into history.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "ledger/record.hpp"

namespace flashbid {

// Who used which key for what; the auction is the one that holds it.
struct CallerKey {
  Operation operation = Operation::bid;
  BidderId caller;
  IdempotencyKey key;
  friend bool operator==(const CallerKey&, const CallerKey&) = default;
  [[nodiscard]] std::uint64_t hash() const;
};

struct CallerKeyHash {
  std::size_t operator()(const CallerKey& key) const { return key.hash(); }
};

// A decision that was made under a key.
struct Remembered {
  std::string fingerprint;  // of an operator's request; a bid's is answer.amount
  BidAnswer answer;         // of a bid; an operator's request has only its sequence and decided_at
  std::uint64_t batch = 0;  // the batch that makes it durable; 0 = recovered, durable
};

class RememberedAnswers {
 public:
  // `history_knows_more`: history may remember keys whose hashes are not here (the auction was loaded from it).
  explicit RememberedAnswers(bool history_knows_more) : history_knows_more_(history_knows_more) {}

  [[nodiscard]] Remembered* find(const CallerKey& key);
  [[nodiscard]] bool empty() const { return answers_.empty(); }
  // Whether history has to be asked about a key that find() does not know.
  [[nodiscard]] bool perhaps_in_history(const CallerKey& key) const;

  // Those in memory, in no order.
  template <class Each>
  void each_rejection(Each each) const {
    for (const auto& [key, remembered] : answers_) {
      if (key.operation == Operation::bid && remembered.answer.sequence == Sequence{0}) each(key.key, remembered);
    }
  }

  void remember(const CallerKey& key, Remembered remembered);
  // The batch failed: as if the key had never been used.
  void forget(const CallerKey& key);
  // A rejection's time is over.
  void expire(const CallerKey& key) { answers_.erase(key); }
  // History holds the record now: only the hash stays.
  void hand_over(const CallerKey& key);
  // History holds every event up to `moved`: hands over what those remember.
  void hand_over_up_to(Sequence moved);

 private:
  std::unordered_map<CallerKey, Remembered, CallerKeyHash> answers_;
  std::deque<std::pair<Sequence, CallerKey>> by_sequence_;  // those with an event of their own, oldest first
  boost::unordered_flat_set<std::uint64_t> in_history_;
  bool history_knows_more_;
};

}  // namespace flashbid
