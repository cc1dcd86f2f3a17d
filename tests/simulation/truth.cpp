#include "simulation/truth.hpp"

#include <fmt/format.h>

#include <set>

#include "differential/oracle_terms.hpp"
#include "ledger/history_step.hpp"

namespace flashbid::simulation {
namespace {

std::string text_of(const naive::Fact& fact) {
  return fmt::format("{} {} at {} bidder '{}' amount {} price {} closes_at {} winner '{}' sold '{}'", fact.sequence,
                     fact.event, fact.at, fact.bidder, fact.amount, fact.price, fact.closes_at, fact.winner, fact.sold);
}

// Which promise an event breaks that the rules do not explain.
std::string_view broken_by(const naive::Fact& fact, const DurableAuction& auction) {
  const auto next = static_cast<naive::Number>(auction.facts.size()) + 1;
  if (fact.sequence != next) return "INV-4";
  if (is_over(auction.image.state)) return fact.event == "bid_accepted" ? "INV-7" : "INV-6";
  if (fact.event == "closed" || fact.event == "cancelled") return "INV-6";
  return fact.event == "bid_accepted" && fact.at >= auction.image.closes_at.ms ? "INV-7" : "INV-4";
}

}  // namespace

const DurableAuction* Truth::auction(AuctionId id) const {
  const auto found = auctions_.find(id);
  return found == auctions_.end() ? nullptr : &found->second;
}

Sequence Truth::newest(AuctionId id) const {
  const DurableAuction* found = auction(id);
  return Sequence{found == nullptr ? 0 : found->facts.size()};
}

const DurableAuction::Fact* Truth::fact(AuctionId id, Sequence sequence) const {
  if (sequence == Sequence{0} || sequence > newest(id)) return nullptr;
  return &auction(id)->facts[sequence.value() - 1];
}

const naive::Auction* Truth::state(AuctionId id, Sequence sequence) const {
  const DurableAuction* found = auction(id);
  if (found == nullptr) return nullptr;
  const auto state = found->states.find(sequence);
  return state == found->states.end() ? nullptr : &state->second;
}

void Truth::append(std::span<const Record> records, Timestamp now) {
  std::set<AuctionId> touched;
  for (const Record& record : records) {
    const auto step = read_step(record);
    if (!step) return story_.violated("INV-12: a record cannot be read: " + step.error().detail);
    story_.expect(record.at <= now, "INV-7: a record tells a moment that has not come");
    if (step->event) {
      touched.insert(record.auction);
      add_event(record, *step->event);
    }
    if (step->key) add_key(record, step->key->use);
    last_at_ = std::max(last_at_, record.at);
    ++records_;
  }
  for (const AuctionId id : touched) {
    story_.expect(auctions_[id].expected.empty(), "INV-1: a part of a decision is durable without its other part");
  }
}

std::optional<naive::Answer> Truth::decide(DurableAuction& auction, const Event& event) const {
  if (const auto* created = std::get_if<Created>(&event.body)) {
    if (auction.oracle) return std::nullopt;
    auction.oracle.emplace(differential::oracle_terms(*created->terms), event.at.ms);
    return naive::Answer{"accepted", "", auction.oracle->facts()};
  }
  if (!auction.oracle || std::holds_alternative<Extended>(event.body)) return std::nullopt;
  if (const auto* bid = std::get_if<BidAccepted>(&event.body)) {
    return auction.oracle->bid(differential::text(bid->bidder), bid->amount.value(), event.at.ms);
  }
  if (std::holds_alternative<Cancelled>(event.body)) return auction.oracle->cancel(event.at.ms);
  return auction.oracle->tick(event.at.ms);
}

void Truth::add_event(const Record& record, const Event& event) {
  DurableAuction& auction = auctions_[record.auction];
  const naive::Fact fact = differential::oracle_fact(event);
  const std::string_view broken = broken_by(fact, auction);
  if (auction.expected.empty()) {
    const std::optional<naive::Answer> answer = decide(auction, event);
    if (answer) auction.expected.assign(answer->facts.begin(), answer->facts.end());
  }
  if (auction.expected.empty() || auction.expected.front() != fact) {
    const std::string wanted = auction.expected.empty() ? "none" : text_of(auction.expected.front());
    return story_.violated(fmt::format("{}: auction {} has the event {}; the rules say {}", broken,
                                       record.auction.value(), text_of(fact), wanted));
  }
  auction.expected.pop_front();
  if (!auction.facts.empty() && event.at < auction.facts.back().event.at) {
    story_.violated("INV-7: an auction's time runs back");
  }
  if (const auto moved = advance(auction.image, record.auction, event); !moved) {
    return story_.violated("INV-4: " + moved.error().detail);
  }
  auction.facts.push_back({record, event});
  if (auction.expected.empty()) auction.states.emplace(event.sequence, *auction.oracle);
  story_.reached(name_of(event.body));
  story_.tell(fmt::format("disk      auction {}: {} {} is durable", record.auction.value(), fact.sequence, fact.event));
}

void Truth::add_key(const Record& record, const KeyUse& use) {
  auto& made = decisions_[{use.operation, key_scope(use.operation, record.auction), use.caller, use.key}];
  for (const KeyedDecision& earlier : made) {
    const bool forgotten = earlier.sequence == Sequence{0} && earlier.at + rejection_kept <= record.at;
    if (forgotten) continue;
    return story_.violated(fmt::format("INV-8: key {} of {} has a second effect on auction {}", use.key.view(),
                                       use.caller.view(), record.auction.value()));
  }
  made.push_back({record.auction,
                  record.sequence,
                  use.fingerprint,
                  record.at,
                  record.kind == RecordKind::answer ? *record.payload : std::string(),
                  {},
                  records_});
}

}  // namespace flashbid::simulation
