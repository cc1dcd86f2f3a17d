// Idempotency keys: the same key has one effect and the same answer (INV-8).
#include <utility>

#include "base/assert.hpp"
#include "engine/bid_answers.hpp"
#include "engine/embedded/shard.hpp"
#include "engine/refusals.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

RememberedAnswers& Shard::remembered_of(Slot& slot) {
  if (!slot.remembered) slot.remembered = std::make_unique<RememberedAnswers>(false);
  return *slot.remembered;
}

void Shard::remember(Slot& slot, Batch& batch, const CallerKey& key, Remembered remembered) {
  if (remembered.answer.sequence == Sequence{0}) {
    rejected_keys_.push_back({remembered.answer.decided_at, slot.durable.id, key});
  }
  remembered_of(slot).remember(key, std::move(remembered));
  batch.keys.emplace_back(&slot, key);
}

bool Shard::answer_again(Slot& slot, const BidRequest& request, BidDone& done) {
  Result<std::optional<Remembered>> recalled = recall(slot, {Operation::bid, request.bid.bidder, request.key});
  if (!recalled) {
    done(std::unexpected(recalled.error()));
    return true;
  }
  if (!*recalled) return false;
  const Remembered& remembered = **recalled;
  if (remembered.answer.amount != request.bid.amount) {
    refuse_when_durable(remembered.batch, key_reused(request.key), std::move(done));
    return true;
  }
  repeated_.add();
  if (is_durable(remembered.batch)) {
    done(remembered.answer);
    return true;
  }
  batch_in_flight(remembered.batch).bids.push_back({std::move(done), remembered.answer});
  ++waiting_replies_;
  return true;
}

bool Shard::answer_again(Slot& slot, const CancelRequest& request, AuctionDone& done) {
  Result<std::optional<Remembered>> recalled =
      recall(slot, {Operation::cancel, request.key_use->caller, request.key_use->key});
  if (!recalled) {
    done(std::unexpected(recalled.error()));
    return true;
  }
  if (!*recalled) return false;
  if ((*recalled)->fingerprint != request.key_use->fingerprint) {
    refuse_when_durable((*recalled)->batch, key_reused(request.key_use->key), std::move(done));
    return true;
  }
  repeated_.add();
  if (!slot.ahead) {
    done(view_of(slot));
    return true;
  }
  ++waiting_replies_;
  batch_in_flight(slot.pending_batch)
      .others.emplace_back([this, &slot, done = std::move(done)](const Error* failure) mutable {
        if (failure != nullptr) return done(std::unexpected(*failure));
        done(view_of(slot));
      });
  return true;
}

Result<std::optional<Remembered>> Shard::recall(Slot& slot, const CallerKey& key) {
  if (!slot.remembered) return std::nullopt;
  if (const Remembered* remembered = slot.remembered->find(key)) return *remembered;
  if (!slot.remembered->perhaps_in_history(key)) return std::nullopt;
  Result<std::optional<StoredAnswer>> stored =
      ports_.reader->answer(key.operation, slot.durable.id, key.caller, key.key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  Remembered remembered{(*stored)->fingerprint, {}, 0};
  if (key.operation == Operation::bid) {
    Result<BidAnswer> answer = (*stored)->sequence == Sequence{0} ? decode_answer((*stored)->answer_json)
                                                                  : answer_from_events(slot, (*stored)->sequence);
    if (!answer) return std::unexpected(answer.error());
    remembered.answer = *answer;
  }
  return remembered;
}

Result<BidAnswer> Shard::answer_from_events(Slot& slot, Sequence bid) {
  Result<Event> event = stored_event(slot, bid);
  if (!event) return std::unexpected(event.error());
  const auto* accepted = std::get_if<BidAccepted>(&event->body);
  if (accepted == nullptr) return fail(Failure::corrupt, "a remembered bid's event is not a bid");
  BidAnswer answer = answer_from(slot.durable.id, *event, *accepted);
  if (slot.durable.sequence <= bid) return answer;
  Result<Event> next = stored_event(slot, bid.next());
  if (!next) return std::unexpected(next.error());
  if (const auto* extended = std::get_if<Extended>(&next->body)) extend(answer, *next, *extended);
  return answer;
}

Result<Event> Shard::stored_event(Slot& slot, Sequence sequence) {
  const Sequence before{sequence.value() - 1};
  SharedBytes json;
  if (slot.tail.covers(before)) {
    const auto entries = slot.tail.after(before);
    if (!entries.empty()) json = entries.front().json;
  } else {
    Result<std::vector<StoredEvent>> stored = ports_.reader->events(slot.durable.id, before, 1, false);
    if (!stored) return std::unexpected(stored.error());
    if (!stored->empty()) json = stored->front().payload;
  }
  if (!json) return fail(Failure::corrupt, "event " + std::to_string(sequence.value()) + " is missing");
  Result<DecodedEvent> decoded = decode_event(*json, {});
  if (!decoded) return std::unexpected(decoded.error());
  return std::move(decoded->event);
}

void Shard::forget_old_rejections() {
  const Timestamp oldest = ports_.clock->now() - rejection_memory;
  while (!rejected_keys_.empty()) {
    const RejectedKey& rejected = rejected_keys_.front();
    const bool expired = rejected.decided_at < oldest;
    if (!expired && rejected_keys_.size() <= max_remembered_rejections) return;
    Slot* slot = in_memory(rejected.auction);
    // Unless the key has been used anew since: its first use failed with its batch.
    const Remembered* remembered = slot != nullptr && slot->remembered ? slot->remembered->find(rejected.key) : nullptr;
    const bool is_it = remembered != nullptr && remembered->answer.sequence == Sequence{0} &&
                       remembered->answer.decided_at == rejected.decided_at;
    if (is_it && expired) slot->remembered->expire(rejected.key);
    if (is_it && !expired) slot->remembered->hand_over(rejected.key);  // history has it, once it has moved
    rejected_keys_.pop_front();
  }
}

Result<void> Shard::restore(Auction image) {
  Slot& slot = insert(image.id);
  slot.durable = std::move(image);
  slot.moved = slot.durable.sequence;
  slot.tail = Tail(slot.moved);
  slot.remembered = std::make_unique<RememberedAnswers>(true);
  by_state_[static_cast<std::size_t>(slot.durable.state)].insert(slot.durable.id);
  watch_boundary(slot.durable);
  return {};
}

Result<void> Shard::restore(const Record& record) {
  Result<Secret> secret = record.secret.empty() ? Result<Secret>(Secret{}) : decode_secret(record.secret);
  if (!secret) return std::unexpected(secret.error());
  const bool is_new = record.sequence == Sequence{1};  // history cannot know it: not asked
  Result<Slot*> found = is_new ? in_memory(record.auction) : find(record.auction);
  if (!found) return std::unexpected(found.error());
  Slot* slot = *found;
  if (record.kind == RecordKind::answer) {
    if (slot == nullptr || !secret->key_use) return fail(Failure::corrupt, "an answer without its auction or its key");
    Result<BidAnswer> answer = decode_answer(*record.payload);
    if (!answer) return std::unexpected(answer.error());
    const CallerKey key{Operation::bid, secret->key_use->caller, secret->key_use->key};
    rejected_keys_.push_back({answer->decided_at, record.auction, key});
    remembered_of(*slot).remember(key, {secret->key_use->fingerprint, *answer, 0});
    return {};
  }
  Result<DecodedEvent> decoded = decode_event(*record.payload, record.secret);
  if (!decoded) return std::unexpected(decoded.error());
  const Event& event = decoded->event;
  if (slot == nullptr) slot = &insert(record.auction);
  if (event.sequence != slot->durable.sequence.next()) {
    return fail(Failure::corrupt, "auction " + std::to_string(record.auction.value()) + " goes from event " +
                                      std::to_string(slot->durable.sequence.value()) + " to " +
                                      std::to_string(event.sequence.value()));
  }
  by_state_[static_cast<std::size_t>(slot->durable.state)].erase(record.auction);
  apply(slot->durable, event);
  by_state_[static_cast<std::size_t>(slot->durable.state)].insert(record.auction);
  watch_boundary(slot->durable);
  slot->tail.push({record.payload, std::holds_alternative<BidAccepted>(event.body)});
  if (is_action(event.body)) {
    slot->actions.push_back({event.sequence, name_of(event.body), secret->by, event.at});
  }
  restore_key(*slot, event, secret->key_use);
  return {};
}

void Shard::restore_key(Slot& slot, const Event& event, const std::optional<KeyUse>& key_use) {
  if (const auto* extended = std::get_if<Extended>(&event.body)) {
    Remembered* bid = last_restored_bid_.first == &slot && slot.remembered
                          ? slot.remembered->find(last_restored_bid_.second)
                          : nullptr;
    if (bid != nullptr && bid->answer.sequence.next() == event.sequence) extend(bid->answer, event, *extended);
    return;
  }
  if (!key_use || key_use->operation == Operation::create) return;
  const CallerKey key{key_use->operation, key_use->caller, key_use->key};
  Remembered remembered{key_use->fingerprint, {}, 0};
  if (const auto* bid = std::get_if<BidAccepted>(&event.body)) {
    remembered.answer = answer_from(slot.durable.id, event, *bid);
    last_restored_bid_ = {&slot, key};
  } else {
    remembered.answer.sequence = event.sequence;
    remembered.answer.decided_at = event.at;
  }
  remembered_of(slot).remember(key, std::move(remembered));
}

}  // namespace flashbid
