// From decided to durable: batches, and what happens when one is committed, has failed, or has moved into history.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "engine/embedded/shard.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

Batch& Shard::open_batch() {
  if (open_) return *open_;
  if (spare_.empty()) {
    open_ = std::make_shared<Batch>();
  } else {
    open_ = std::move(spare_.back());
    spare_.pop_back();
  }
  open_->number = next_batch_++;
  open_->generation = generation_;
  // Everything that is ready in this round of the loop goes into one batch.
  loop().post([this] { flush(); });
  return *open_;
}

Batch& Shard::batch_in_flight(std::uint64_t number) {
  if (open_ && open_->number == number) return *open_;
  require(!in_flight_.empty() && number >= in_flight_.front()->number, "a pending batch is in flight");
  return *in_flight_[number - in_flight_.front()->number];
}

bool Shard::is_durable(std::uint64_t batch) const {
  if (open_ && batch == open_->number) return false;
  return in_flight_.empty() || batch < in_flight_.front()->number;
}

void Shard::append(Slot& slot, const Events& events, const Hidden& hidden) {
  Batch& batch = open_batch();
  if (!slot.ahead) slot.ahead = std::make_unique<Auction>(slot.durable);
  slot.pending_batch = batch.number;
  for (const Event& event : events) {
    auto json = std::make_shared<std::string>();
    json->reserve(320);
    encode_event(slot.durable.id, ports_.epoch, event, *json);
    Secret secret;
    if (const auto* created = std::get_if<Created>(&event.body)) secret.reserve = created->terms->reserve;
    const bool is_effect = !std::holds_alternative<Opened>(event.body) && !std::holds_alternative<Closed>(event.body) &&
                           !std::holds_alternative<Extended>(event.body);
    if (is_effect) secret.key_use = hidden.key_use;
    if (is_action(event.body)) {
      secret.by = hidden.by;
      batch.actions.emplace_back(&slot, OperatorAction{event.sequence, name_of(event.body), hidden.by, event.at});
    }
    const bool has_secret = secret.reserve || secret.key_use || !secret.by.empty();
    batch.records.push_back({slot.durable.id, event.sequence, RecordKind::event, event.at, json,
                             has_secret ? encode_secret(secret) : std::string()});
    apply(*slot.ahead, event);
    const bool moves_boundary =
        std::holds_alternative<Created>(event.body) || std::holds_alternative<Opened>(event.body);
    if (moves_boundary) watch_boundary(*slot.ahead);
    batch.events.push_back({&slot, event, std::move(json)});
  }
}

void Shard::append_answer(Slot& slot, const BidAnswer& answer, const KeyUse& key_use) {
  auto json = std::make_shared<std::string>();
  encode_answer(answer, *json);
  open_batch().records.push_back({slot.durable.id, Sequence{0}, RecordKind::answer, answer.decided_at, std::move(json),
                                  encode_secret({std::nullopt, key_use})});
}

void Shard::watch_boundary(const Auction& auction) {
  if (const auto boundary = auction.next_boundary()) boundaries_.push({*boundary, auction.id});
}

void Shard::flush() {
  if (!open_) return;
  in_flight_.push_back(open_);
  ports_.committer->submit(ports_.index, std::move(open_));
  open_.reset();
}

void Shard::committed(std::shared_ptr<Batch> batch) {
  loop().post([this, batch = std::move(batch)] { on_committed(batch); });
}

void Shard::failed(std::shared_ptr<Batch> batch, Error error) {
  loop().post([this, batch = std::move(batch), error = std::move(error)] { on_failed(batch, error); });
}

void Shard::moved(std::vector<Moved> moved) {
  loop().post([this, moved = std::move(moved)] { on_moved(moved); });
}

void Shard::on_committed(const std::shared_ptr<Batch>& batch) {
  require(!in_flight_.empty() && in_flight_.front() == batch, "batches are committed in order");
  in_flight_.pop_front();
  const Stopwatch::time_point durable_at = Stopwatch::now();
  std::uint64_t measured = 0;
  for (const WaitingBid& waiting : batch->bids) {
    if (waiting.decided_at == unmeasured) continue;
    bid_stages_.add(BidStage::commit, durable_at - waiting.decided_at);
    ++measured;
  }

  std::vector<std::pair<Slot*, Sequence>> touched;  // with the sequence before the batch
  for (EventInFlight& in_flight : batch->events) {
    Slot& slot = *in_flight.slot;
    if (slot.committed_batch != batch->number) {
      slot.committed_batch = batch->number;
      touched.emplace_back(&slot, slot.durable.sequence);
    }
    const auto before = static_cast<std::size_t>(slot.durable.state);
    apply(slot.durable, in_flight.event);
    const auto after = static_cast<std::size_t>(slot.durable.state);
    if (before != after || in_flight.event.sequence == Sequence{1}) {
      by_state_[before].erase(slot.durable.id);
      by_state_[after].insert(slot.durable.id);
    }
    slot.tail.push({std::move(in_flight.json), std::holds_alternative<BidAccepted>(in_flight.event.body)});
  }
  for (auto& [slot, action] : batch->actions) slot->actions.push_back(action);
  events_.add(batch->events.size());
  for (const auto& [slot, before] : touched) {
    if (slot->pending_batch == batch->number) slot->ahead.reset();
    if (slot->watchers > 0) publish(*slot, before);
  }

  waiting_replies_ -= batch->bids.size() + batch->others.size();
  for (WaitingBid& waiting : batch->bids) waiting.done(std::move(waiting.answer));
  for (Waiting& waiting : batch->others) waiting(nullptr);
  if (measured > 0) bid_stages_.add(BidStage::publish, Stopwatch::now() - durable_at, measured);
  recycle(batch);
}

void Shard::publish(Slot& slot, Sequence before) {
  const auto view = std::make_shared<const AuctionView>(view_of(slot));
  const std::span<const Tail::Entry> fresh = slot.tail.after(before);
  for (std::size_t loop = 0; loop < slot.watchers_by_loop.size(); ++loop) {
    if (slot.watchers_by_loop[loop] == 0) continue;
    Publication publication{slot.durable.id, ports_.epoch, {}, view};
    publication.events.reserve(fresh.size());
    Sequence sequence = before;
    for (const Tail::Entry& entry : fresh) publication.events.push_back({sequence = sequence.next(), entry.json, {}});
    Hub* hub = ports_.loops[loop].hub;
    if (loop == ports_.index) {
      hub->publish(std::move(publication));
    } else {
      ports_.loops[loop].executor->post(
          [hub, publication = std::move(publication)]() mutable { hub->publish(std::move(publication)); });
    }
  }
}

void Shard::on_failed(const std::shared_ptr<Batch>& batch, const Error& error) {
  if (error.failure != Failure::unavailable) stopped_ = true;
  if (batch->generation != generation_) return;  // failed already, with the one it rested on
  // Everything decided since rests on what is not there: undone first, told afterwards.
  ++generation_;
  std::deque<std::shared_ptr<Batch>> undone = std::exchange(in_flight_, {});
  const std::size_t submitted = undone.size();
  if (open_) undone.push_back(std::exchange(open_, nullptr));
  for (const auto& one : undone) undo(*one);
  for (const auto& one : undone) {
    for (const EventInFlight& in_flight : one->events) {
      if (in_flight.event.sequence == Sequence{1}) erase(*in_flight.slot);  // it was never created
    }
  }
  // What the committer had may have been in the transaction that failed; what it never got surely was not.
  const Error not_decided{Failure::unavailable, error.detail};
  for (std::size_t i = 0; i < undone.size(); ++i) {
    waiting_replies_ -= undone[i]->bids.size() + undone[i]->others.size();
    fail_replies(*undone[i], i < submitted ? error : not_decided);
  }
}

void Shard::undo(Batch& batch) {
  for (const EventInFlight& in_flight : batch.events) {
    Slot& slot = *in_flight.slot;
    if (!slot.ahead) continue;
    slot.ahead.reset();
    // What is due is tried again, but not at once: the disk may stay full for long.
    const auto boundary = slot.durable.sequence == Sequence{0} ? std::nullopt : slot.durable.next_boundary();
    if (boundary) boundaries_.push({std::max(*boundary, ports_.clock->now() + retry_pause), slot.durable.id});
  }
  for (const auto& [slot, key] : batch.keys) slot->remembered->forget(key);
}

void Shard::fail_replies(Batch& batch, const Error& error) {
  for (WaitingBid& waiting : batch.bids) waiting.done(std::unexpected(error));
  for (Waiting& waiting : batch.others) waiting(&error);
}

void Shard::recycle(std::shared_ptr<Batch> batch) {
  constexpr std::size_t most_spare = 8;
  constexpr std::size_t most_records_kept = 4'096;
  if (spare_.size() >= most_spare || batch->records.capacity() > most_records_kept) return;
  batch->clear();
  spare_.push_back(std::move(batch));
}

void Shard::on_moved(const std::vector<Moved>& moved) {
  for (const Moved& one : moved) {
    Slot* slot = in_memory(one.auction);
    if (slot == nullptr) continue;
    slot->moved = std::max(slot->moved, one.sequence);
    slot->tail.trim(one.sequence, slot->watchers > 0 ? watched_tail : 0);
    std::erase_if(slot->actions, [&](const OperatorAction& action) { return action.sequence <= slot->moved; });
    if (slot->remembered) slot->remembered->hand_over_up_to(one.sequence);
    if (slot->is_over() && slot->moved == slot->durable.sequence) keep_cold(*slot);
  }
}

}  // namespace flashbid
