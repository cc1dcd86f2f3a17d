// One auction played by the rules, as the records that a ledger is given. For tests of anything that holds records.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auction/decide.hpp"
#include "base/assert.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/operator_action.hpp"
#include "ledger/record.hpp"

namespace flashbid::testing {

inline constexpr Timestamp script_start{1'800'000'000'000};

inline BidderId bidder(std::string_view text) { return *parse_bidder_id(text); }

inline KeyUse key_use(Operation operation, std::string_view caller, std::string_view key, std::string fingerprint) {
  return {operation, bidder(caller), *parse_idempotency_key(key), std::move(fingerprint)};
}

// Opens at script_start, closes an hour later.
inline Terms sample_terms() {
  Terms terms;
  terms.title = "Lot";
  terms.opening_price = Amount{1000};
  terms.increment = *Increment::fixed(Amount{100});
  terms.opens_at = script_start;
  terms.closes_at = script_start + Duration{3'600'000};
  return terms;
}

class AuctionScript {
 public:
  explicit AuctionScript(std::uint64_t id, Terms terms = sample_terms(), Epoch epoch = Epoch{1})
      : terms_(std::make_shared<const Terms>(std::move(terms))), epoch_(epoch) {
    auction_.id = AuctionId{id};
  }

  // `by`: the operator; empty = unknown.
  std::vector<Record> create(Timestamp now = script_start, std::optional<KeyUse> key = std::nullopt,
                             const BidderId& by = {}) {
    return take(flashbid::create(terms_, now), std::move(key), by);
  }
  // The records of a command that the rules accept (asserted).
  std::vector<Record> play(const Command& command, Timestamp now, std::optional<KeyUse> key = std::nullopt,
                           const BidderId& by = {}) {
    const Decision decision = decide(auction_, command, now);
    require(decision.verdict == Verdict::accepted, "the script plays by the rules");
    return take(decision.events, std::move(key), by);
  }
  std::vector<Record> bid(std::string_view who, std::int64_t amount, Timestamp now = script_start,
                          std::optional<KeyUse> key = std::nullopt) {
    return play(Bid{bidder(who), Amount{amount}}, now, std::move(key));
  }
  // A rejection that carried a key.
  Record reject(std::string_view who, std::int64_t amount, Timestamp now, KeyUse key) {
    const Decision decision = decide(auction_, Bid{bidder(who), Amount{amount}}, now);
    require(decision.verdict == Verdict::rejected && decision.events.empty(), "the script's bid is rejected");
    BidAnswer answer{auction_.id,
                     Verdict::rejected,
                     decision.reason,
                     Sequence{0},
                     bidder(who),
                     Amount{amount},
                     auction_.standing_price(),
                     auction_.leader,
                     auction_.minimum_next(),
                     auction_.closes_at,
                     auction_.sequence,
                     now};
    std::string json;
    encode_answer(answer, json);
    return {auction_.id,
            Sequence{0},
            RecordKind::answer,
            now,
            std::make_shared<const std::string>(std::move(json)),
            encode_secret({std::nullopt, std::move(key)})};
  }

  [[nodiscard]] const Auction& auction() const { return auction_; }

 private:
  std::vector<Record> take(const Events& events, std::optional<KeyUse> key, const BidderId& by) {
    std::vector<Record> records;
    for (const Event& event : events) {
      std::string json;
      encode_event(auction_.id, epoch_, event, json);
      Secret secret;
      if (const auto* created = std::get_if<Created>(&event.body)) secret.reserve = created->terms->reserve;
      const bool is_effect = std::holds_alternative<Created>(event.body) ||
                             std::holds_alternative<BidAccepted>(event.body) ||
                             std::holds_alternative<Cancelled>(event.body);
      if (is_effect) secret.key_use = key;
      if (is_action(event.body)) secret.by = by;
      apply(auction_, event);
      records.push_back({auction_.id, event.sequence, RecordKind::event, event.at,
                         std::make_shared<const std::string>(std::move(json)), encode_secret(secret)});
    }
    return records;
  }

  SharedTerms terms_;
  Epoch epoch_;
  Auction auction_;
};

// Records one after another.
inline std::vector<Record> operator+(std::vector<Record> a, const std::vector<Record>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace flashbid::testing
