#include "engine/embedded/shard.hpp"

#include <utility>

#include "base/assert.hpp"
#include "engine/refusals.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {
namespace {

// No boundary nearer than this: look again after it.
constexpr Duration longest_sleep{50};

BidAnswer answer_to(const BidRequest& request, const Decision& decision, const Auction& after, Timestamp now) {
  BidAnswer answer;
  answer.auction = request.auction;
  answer.verdict = decision.verdict;
  answer.reason = decision.reason;
  answer.bidder = request.bid.bidder;
  answer.amount = request.bid.amount;
  answer.price = after.standing_price();
  answer.leader = after.leader;
  answer.minimum_next = after.minimum_next();
  answer.closes_at = after.closes_at;
  answer.as_of_sequence = after.sequence;
  answer.decided_at = now;
  for (const Event& event : decision.events) {
    if (std::holds_alternative<BidAccepted>(event.body)) answer.sequence = event.sequence;
  }
  return answer;
}

}  // namespace

Shard::Shard(Ports ports) : ports_(std::move(ports)) {}

Result<Slot*> Shard::find(AuctionId id) {
  if (Slot* slot = in_memory(id)) return slot;
  Result<std::optional<Auction>> image = ports_.reader->auction(id);
  if (!image) return std::unexpected(image.error());
  if (!*image) return nullptr;
  require((*image)->state == AuctionState::closed || (*image)->state == AuctionState::cancelled,
          "an auction that is not over is in memory");
  Slot& slot = insert(id);
  slot.durable = std::move(**image);
  slot.moved = slot.durable.sequence;
  slot.tail = Tail(slot.moved);
  slot.remembered = std::make_unique<RememberedAnswers>(true);
  by_state_[static_cast<std::size_t>(slot.durable.state)].insert(id);
  keep_cold(slot);
  return &slot;
}

Slot* Shard::in_memory(AuctionId id) const {
  const auto found = slots_.find(id);
  return found == slots_.end() ? nullptr : found->second.get();
}

Slot& Shard::insert(AuctionId id) {
  auto& slot = slots_[id];
  slot = std::make_unique<Slot>();
  slot->durable.id = id;
  auctions_in_memory_.set(slots_.size());
  return *slot;
}

void Shard::erase(Slot& slot) {
  const AuctionId id = slot.durable.id;
  by_state_[static_cast<std::size_t>(slot.durable.state)].erase(id);
  slots_.erase(id);
  auctions_in_memory_.set(slots_.size());
}

void Shard::keep_cold(Slot& slot) {
  if (slot.cold) return;
  slot.cold = true;
  cold_.push_back(slot.durable.id);
  // One look for each that comes: those that somebody still watches go to the end.
  if (cold_.size() <= max_cold_auctions) return;
  const AuctionId oldest = cold_.front();
  cold_.pop_front();
  Slot& candidate = *in_memory(oldest);  // it leaves memory only here
  if (candidate.evictable()) {
    erase(candidate);
  } else {
    cold_.push_back(oldest);
  }
}

void Shard::bid_from_afar(BidRequest request, BidDone done) {
  if (request.submitted_at != unmeasured) {
    const Stopwatch::time_point arrived = Stopwatch::now();
    bid_stages_.add(BidStage::submit, arrived - std::exchange(request.submitted_at, arrived));
  }
  bid(request, std::move(done));
}

void Shard::bid(const BidRequest& request, BidDone done) {
  if (stopped_) return done(fail(Failure::unavailable, "the ledger has failed; the server is stopping"));
  if (waiting_replies_ >= max_waiting_replies) {
    return done(fail(Failure::unavailable, "too many bids wait for the ledger; try again in a moment"));
  }
  const Result<Slot*> found = find(request.auction);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr) return done(std::unexpected(no_such_auction(request.auction)));
  Slot& slot = **found;
  const bool keyed = !request.key.empty();
  if (keyed && answer_again(slot, request, done)) return;

  const Timestamp now = ports_.clock->now();
  const Decision decision = decide(slot.current(), request.bid, now);
  if (decision.verdict == Verdict::accepted) {
    accepted_.add();
  } else {
    rejected_by_reason_[static_cast<std::size_t>(decision.reason)].add();
  }
  std::optional<KeyUse> key_use;
  if (keyed) {
    key_use = KeyUse{Operation::bid, request.bid.bidder, request.key, std::to_string(request.bid.amount.value())};
  }
  if (!decision.events.empty()) append(slot, decision.events, {key_use});
  const BidAnswer answer = answer_to(request, decision, slot.current(), now);
  if (keyed && decision.verdict == Verdict::rejected) append_answer(slot, answer, *key_use);
  if (keyed) {
    const CallerKey key{Operation::bid, request.bid.bidder, request.key};
    remember(slot, open_batch(), key, {key_use->fingerprint, answer, open_batch().number});
  }

  const bool is_measured = request.submitted_at != unmeasured;
  const Stopwatch::time_point decided_at = is_measured ? Stopwatch::now() : unmeasured;
  if (is_measured) bid_stages_.add(BidStage::decide, decided_at - request.submitted_at);

  // A rejection quotes a price: it may leave only when that price is durable (INV-2).
  if (!slot.ahead && !keyed) return done(answer);
  Batch& batch = keyed ? open_batch() : batch_in_flight(slot.pending_batch);
  batch.bids.push_back({std::move(done), answer, decided_at});
  ++waiting_replies_;
}

void Shard::create(AuctionId id, const CreateRequest& request, AuctionDone done) {
  if (stopped_) return done(fail(Failure::unavailable, "the ledger has failed; the server is stopping"));
  const Result<Slot*> found = find(id);
  if (!found) return done(std::unexpected(found.error()));
  if (*found != nullptr) {
    const bool is_new = (*found)->durable.sequence == Sequence{0};
    return refuse_when_durable(is_new ? (*found)->pending_batch : 0, auction_is_there(id), std::move(done));
  }
  Slot& slot = insert(id);
  append(slot, flashbid::create(request.terms, ports_.clock->now()), {request.key_use, request.by});
  Batch& batch = open_batch();
  ++waiting_replies_;
  batch.others.emplace_back(
      [done = std::move(done), view = AuctionView{*slot.ahead, ports_.epoch, 0}](const Error* failure) mutable {
        if (failure != nullptr) return done(std::unexpected(*failure));
        done(std::move(view));
      });
}

void Shard::cancel(const CancelRequest& request, AuctionDone done) {
  if (stopped_) return done(fail(Failure::unavailable, "the ledger has failed; the server is stopping"));
  const Result<Slot*> found = find(request.auction);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr) return done(std::unexpected(no_such_auction(request.auction)));
  Slot& slot = **found;
  if (request.key_use && answer_again(slot, request, done)) return;

  const Timestamp now = ports_.clock->now();
  const Decision decision = decide(slot.current(), Cancel{}, now);
  const bool accepted = decision.verdict == Verdict::accepted;
  if (!decision.events.empty())
    append(slot, decision.events, accepted ? Hidden{request.key_use, request.by} : Hidden{});
  if (accepted && request.key_use) {
    const CallerKey key{Operation::cancel, request.key_use->caller, request.key_use->key};
    BidAnswer marker;
    marker.sequence = slot.ahead->sequence;
    marker.decided_at = now;
    remember(slot, open_batch(), key, {request.key_use->fingerprint, marker, open_batch().number});
  }
  std::optional<Error> refusal;
  if (!accepted) {
    refusal = auction_is_over(request.auction, to_text(decision.reason));
  }
  if (!slot.ahead) return done(std::unexpected(*refusal));
  ++waiting_replies_;
  batch_in_flight(slot.pending_batch)
      .others.emplace_back(
          [done = std::move(done), refusal,
           view = AuctionView{*slot.ahead, ports_.epoch, slot.watchers}](const Error* failure) mutable {
            if (failure != nullptr) return done(std::unexpected(*failure));
            if (refusal) return done(std::unexpected(*refusal));
            done(std::move(view));
          });
}

Timestamp Shard::tick() {
  const Timestamp now = ports_.clock->now();
  forget_old_rejections();
  while (!stopped_ && !boundaries_.empty() && boundaries_.top().at <= now) {
    const AuctionId id = boundaries_.top().auction;
    boundaries_.pop();
    Slot* slot = in_memory(id);
    if (slot == nullptr) continue;
    const std::optional<Timestamp> due = slot->current().next_boundary();
    if (!due) continue;
    // The end has moved since the entry was made.
    if (*due > now) {
      boundaries_.push({*due, id});
      continue;
    }
    append(*slot, decide(slot->current(), Tick{}, now).events, {});
  }
  const Timestamp latest = now + longest_sleep;
  return boundaries_.empty() || boundaries_.top().at > latest ? latest : boundaries_.top().at;
}

void Shard::count_into(EngineCounters& counters) const {
  counters.accepted += accepted_.get();
  for (std::size_t i = 0; i < rejected_by_reason_.size(); ++i) {
    counters.rejected_by_reason[i] += rejected_by_reason_[i].get();
  }
  counters.repeated += repeated_.get();
  counters.events += events_.get();
  counters.auctions_in_memory += auctions_in_memory_.get();
  counters.watchers += watchers_.get();
  bid_stages_.add_to(counters.bid_stages);
}

}  // namespace flashbid
