// Reading and watching: always the durable auction, never what is still in flight (INV-3, INV-10).
#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "engine/embedded/shard.hpp"
#include "engine/refusals.hpp"
#include "engine/rejections.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

}  // namespace

AuctionView Shard::view_of(const Slot& slot) const { return {slot.durable, ports_.epoch, slot.watchers}; }

void Shard::read(AuctionId id, AuctionDone done) {
  const Result<Slot*> found = find(id);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr || (*found)->durable.sequence == Sequence{0}) return done(std::unexpected(no_such_auction(id)));
  done(view_of(**found));
}

std::vector<AuctionView> Shard::page(const ListQuery& query) const {
  std::vector<AuctionView> views;
  const auto take = [&](const std::set<AuctionId>& ids) {
    std::size_t taken = 0;
    for (auto id = ids.upper_bound(query.after); id != ids.end() && taken < query.limit; ++id, ++taken) {
      views.push_back(view_of(*in_memory(*id)));
    }
  };
  if (query.state) {
    take(by_state_[static_cast<std::size_t>(*query.state)]);
    return views;
  }
  for (const auto& ids : by_state_) take(ids);
  std::ranges::sort(views, {}, [](const AuctionView& view) { return view.auction.id; });
  if (views.size() > query.limit) views.erase(views.begin() + static_cast<std::ptrdiff_t>(query.limit), views.end());
  return views;
}

void Shard::events(const EventsQuery& query, EventsDone done) {
  const Result<Slot*> found = find(query.auction);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr || (*found)->durable.sequence == Sequence{0}) {
    return done(std::unexpected(no_such_auction(query.auction)));
  }
  collect({query, {}}, [this, query, done = std::move(done)](Result<std::vector<PublishedEvent>> events) mutable {
    if (!events) return done(std::unexpected(events.error()));
    const Result<Slot*> slot = find(query.auction);
    if (!slot) return done(std::unexpected(slot.error()));
    EventsPage page;
    page.last = events->empty() ? query.after : events->back().sequence;
    page.newest = (*slot)->durable.sequence;
    page.events.reserve(events->size());
    for (PublishedEvent& event : *events) page.events.push_back(std::move(event.json));
    done(std::move(page));
  });
}

// Everything after query.after, first from history, then from the tail: the last step runs on this loop at once with
// `done`, so that what it gets is complete at that moment.
void Shard::collect(Collect collecting, CollectDone done) {
  const Result<Slot*> found = find(collecting.query.auction);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr) return done(std::unexpected(no_such_auction(collecting.query.auction)));
  const Tail& tail = (*found)->tail;
  if (!tail.covers(collecting.query.after)) return collect_from_history(std::move(collecting), std::move(done));
  Sequence sequence = std::max(collecting.query.after, Sequence{tail.first().value() - 1});
  for (const Tail::Entry& entry : tail.after(collecting.query.after)) {
    sequence = sequence.next();
    if (collecting.events.size() >= collecting.query.limit) break;
    if (collecting.query.bids_only && !entry.is_bid) continue;
    collecting.events.push_back({sequence, entry.json, {}});
  }
  done(std::move(collecting.events));
}

void Shard::collect_from_history(Collect collecting, CollectDone done) {
  // History holds everything before the tail. What it holds beyond that by then is read again from the tail.
  const Sequence boundary{in_memory(collecting.query.auction)->tail.first().value() - 1};
  EventsQuery missing = collecting.query;
  missing.limit -= collecting.events.size();
  auto state = std::make_shared<std::pair<Collect, CollectDone>>(std::move(collecting), std::move(done));
  const bool submitted = ports_.history->submit([this, missing, boundary, state](LedgerReader& reader) {
    auto read =
        reader.events(missing.auction, missing.after, std::min<std::size_t>(missing.limit, 100'000), missing.bids_only);
    loop().post([this, boundary, state, read = std::move(read)]() mutable {
      auto& [collected, when_done] = *state;
      if (!read) return when_done(std::unexpected(read.error()));
      Sequence last = collected.query.after;
      bool gapless = true;
      for (StoredEvent& event : *read) {
        if (event.sequence > boundary) break;
        gapless = gapless && event.sequence == last.next();
        last = event.sequence;
        collected.events.push_back({last, std::move(event.payload), {}});
      }
      const bool full = collected.events.size() >= collected.query.limit;
      // A row that is gone has no checksum that could tell (INV-10, 12).
      if (!collected.query.bids_only && !(gapless && (full || last == boundary))) {
        return when_done(fail(Failure::corrupt, "history has a gap"));
      }
      if (full) return when_done(std::move(collected.events));
      collected.query.after = boundary;
      collect(std::move(collected), std::move(when_done));
    });
  });
  if (!submitted) {
    state->second(fail(Failure::unavailable, "too many reads of history wait; try again in a moment"));
  }
}

// Those in memory are the latest: history has what came before them.
void Shard::actions(AuctionId id, ActionsDone done) {
  const Result<Slot*> found = find(id);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr || (*found)->durable.sequence == Sequence{0}) return done(std::unexpected(no_such_auction(id)));
  const Slot& slot = **found;
  const auto places = action_places(slot.durable);
  std::vector<Sequence> in_history(places.begin(), places.end() - static_cast<std::ptrdiff_t>(slot.actions.size()));
  if (in_history.empty()) return done(slot.actions);
  auto shared_done = std::make_shared<ActionsDone>(std::move(done));
  const bool submitted = ports_.history->submit(
      [this, id, in_history = std::move(in_history), latest = slot.actions, shared_done](LedgerReader& reader) mutable {
        Result<std::vector<OperatorAction>> actions = read_actions(reader, id, in_history);
        if (actions) actions->insert(actions->end(), latest.begin(), latest.end());
        loop().post([shared_done, actions = std::move(actions)]() mutable { (*shared_done)(std::move(actions)); });
      });
  if (!submitted) (*shared_done)(fail(Failure::unavailable, "too many reads of history wait; try again in a moment"));
}

// A rejection is in memory for its ten minutes, but for what was refused before a restart and what was too many:
// history has all that have moved.
void Shard::rejections(AuctionId id, RejectionsDone done) {
  const Result<Slot*> found = find(id);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr || (*found)->durable.sequence == Sequence{0}) return done(std::unexpected(no_such_auction(id)));
  auto shared_done = std::make_shared<RejectionsDone>(std::move(done));
  const bool submitted = ports_.history->submit([this, id, shared_done](LedgerReader& reader) {
    auto stored = reader.rejections(id, most_rejections_told);
    loop().post([this, id, shared_done, stored = std::move(stored)]() mutable {
      if (!stored) return (*shared_done)(std::unexpected(stored.error()));
      const Result<Slot*> slot = find(id);
      if (!slot) return (*shared_done)(std::unexpected(slot.error()));
      (*shared_done)(merged(**slot, std::move(*stored)));
    });
  });
  if (!submitted) (*shared_done)(fail(Failure::unavailable, "too many reads of history wait; try again in a moment"));
}

// Nothing is told before it is durable (INV-2).
Rejections Shard::merged(const Slot& slot, std::vector<StoredRejection> stored) const {
  if (slot.remembered) {
    std::erase_if(stored, [&](const StoredRejection& one) {
      return slot.remembered->find({Operation::bid, one.answer.bidder, one.key}) != nullptr;
    });
    // There may be a hundred thousand, and this is a loop that decides bids: only those that are told are copied.
    std::vector<std::pair<const IdempotencyKey*, const BidAnswer*>> here;
    slot.remembered->each_rejection([&](const IdempotencyKey& key, const Remembered& remembered) {
      if (is_durable(remembered.batch)) here.emplace_back(&key, &remembered.answer);
    });
    if (here.size() > most_rejections_told) {
      const auto kept = here.end() - static_cast<std::ptrdiff_t>(most_rejections_told);
      std::ranges::nth_element(here, kept, {}, [](const auto& one) { return one.second->decided_at; });
      here.erase(here.begin(), kept);
    }
    for (const auto& [key, answer] : here) stored.push_back({*key, *answer});
  }
  Rejections told{{}, ports_.clock->now() - rejection_memory};
  for (const StoredRejection& one : stored) told.answers.push_back(one.answer);
  keep_latest(told);
  return told;
}

void Shard::read_as_created(AuctionId id, AuctionDone done) {
  collect({{id, Sequence{0}, creation_events, false}, {}},
          [this, id, done = std::move(done)](Result<std::vector<PublishedEvent>> events) mutable {
            if (!events) return done(std::unexpected(events.error()));
            std::vector<DecodedEvent> first;
            for (const PublishedEvent& stored : *events) {
              Result<DecodedEvent> decoded = decode_event(*stored.json, {});
              if (!decoded) return done(std::unexpected(decoded.error()));
              first.push_back(std::move(*decoded));
            }
            Result<Auction> born = as_created(id, first);
            if (!born) return done(std::unexpected(born.error()));
            AuctionView view{std::move(*born), ports_.epoch, 0};
            // The reserve is not in the public text: the auction's own terms have it.
            if (const Slot* slot = in_memory(id)) view.auction.terms = slot->durable.terms;
            done(std::move(view));
          });
}

void Shard::attach(std::size_t loop, AuctionId id, std::optional<ResumePoint> from, AttachDone done) {
  const Result<Slot*> found = find(id);
  if (!found) return done(std::unexpected(found.error()));
  if (*found == nullptr || (*found)->durable.sequence == Sequence{0}) return done(std::unexpected(no_such_auction(id)));
  Slot& slot = **found;
  const bool can_continue = from && (!from->epoch || *from->epoch == ports_.epoch) &&
                            from->after <= slot.durable.sequence &&
                            slot.durable.sequence.value() - from->after.value() <= longest_resume;
  if (!can_continue) {
    finish_attach(slot, loop);
    return done(Snapshot{std::make_shared<const AuctionView>(view_of(slot)), from.has_value()});
  }
  collect({{id, from->after, no_limit, false}, {}},
          [this, loop, id, done = std::move(done)](Result<std::vector<PublishedEvent>> events) mutable {
            if (!events) return done(std::unexpected(events.error()));
            finish_attach(*in_memory(id), loop);
            done(Continuation{ports_.epoch, std::move(*events)});
          });
}

void Shard::finish_attach(Slot& slot, std::size_t loop) {
  if (slot.watchers_by_loop.empty()) slot.watchers_by_loop.resize(ports_.loops.size());
  ++slot.watchers_by_loop[loop];
  ++slot.watchers;
  watchers_.set(watchers_.get() + 1);
}

void Shard::detach(std::size_t loop, AuctionId id) {
  Slot* slot = in_memory(id);
  require(slot != nullptr && slot->watchers > 0 && slot->watchers_by_loop[loop] > 0, "a watcher detaches once");
  --slot->watchers_by_loop[loop];
  --slot->watchers;
  watchers_.set(watchers_.get() - 1);
}

}  // namespace flashbid
