#include "engine/redis/shard_feed.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {
namespace {

constexpr std::size_t kept_events = 1'024;  // of a watched auction, behind its mirror
constexpr std::size_t max_unasked = 20'000;
constexpr std::size_t max_early = 16'384;  // more than that, and the gap that follows asks for a new look

// Whether the look shows what the mirror shows, and all that came since.
bool follows(const AuctionView& mirror, const AuctionLook& look) {
  const Sequence shown = mirror.auction.sequence;
  const Sequence seen = look.view.auction.sequence;
  return mirror.epoch == look.view.epoch && seen >= shown && look.events.size() == seen.value() - shown.value();
}

bool reaches(const AuctionView& mirror, const AuctionView& look) {
  return mirror.epoch > look.epoch || (mirror.epoch == look.epoch && mirror.auction.sequence >= look.auction.sequence);
}

}  // namespace

void ShardFeed::attach(std::size_t loop, AuctionId auction, std::optional<ResumePoint> from, AttachDone done) {
  if (unasked_.size() + coming_back_.size() >= max_unasked) {
    return done(fail(Failure::unavailable, "too many wait to watch; try again in a moment"));
  }
  if (!tail_) {
    positioned_ = false;
    tail_ = std::make_unique<StreamTail>(
        *ports_.io, ports_.node->client(), ports_.shard,
        StreamTail::Callbacks{[this] { on_positioned(); },
                              [this](std::span<const StreamEntry> entries) { on_entries(entries); },
                              [this](const Error& error) { on_away(error); }});
  }
  ++topics_[auction].asking;
  Question question{loop, auction, from, std::move(done)};
  if (positioned_) return ask(std::move(question));
  unasked_.push_back(std::move(question));
}

void ShardFeed::ask(Question question) {
  if (!question.from) return look(std::move(question));
  if (continue_from_tail(question)) return;
  coming_back_.push_back(std::move(question));
  look_back();
}

bool ShardFeed::continue_from_tail(Question& question) {
  Topic& topic = topics_[question.auction];
  if (!topic.mirror || topic.is_stale) return false;
  const AuctionView& mirror = *topic.mirror;
  const ResumePoint& from = *question.from;
  const bool is_here = (!from.epoch || *from.epoch == mirror.epoch) && from.after <= mirror.auction.sequence &&
                       topic.tail.covers(from.after);
  if (!is_here) return false;
  --topic.asking;
  // As if a look had shown where it was last.
  AuctionLook last{mirror, {}, {}};
  last.view.auction.sequence = from.after;
  answer(topic, {question.loop, question.from, std::move(last), std::move(question.done)});
  return true;
}

void ShardFeed::look_back() {
  while (!looking_back_ && !coming_back_.empty()) {
    Question question = std::move(coming_back_.front());
    coming_back_.pop_front();
    if (continue_from_tail(question)) continue;
    looking_back_ = true;
    look(std::move(question));
  }
}

void ShardFeed::look(Question question) {
  const AuctionId auction = question.auction;
  const auto after = question.from ? std::optional(question.from->after) : std::nullopt;
  auto shared = std::make_shared<Question>(std::move(question));
  ports_.node->look(auction, after, [this, shared](Result<AuctionLook> look) {
    const bool is_back = shared->from.has_value();
    on_look(std::move(*shared), std::move(look));
    if (!is_back) return;
    looking_back_ = false;
    look_back();
  });
}

// At the start: now a look shows at least all that will not be told. Later: the stream is another one.
void ShardFeed::on_positioned() {
  positioned_ = true;
  for (auto& [auction, topic] : topics_) {
    if (topic.mirror) look_again(auction, topic);
  }
  for (Question& question : std::exchange(unasked_, {})) ask(std::move(question));
}

void ShardFeed::on_away(const Error& error) {
  for (Question& question : std::exchange(unasked_, {})) {
    --topics_[question.auction].asking;
    question.done(std::unexpected(error));
    drop_if_unused(question.auction);
  }
}

void ShardFeed::start_over() {
  for (auto& [auction, topic] : topics_) {
    if (topic.mirror) look_again(auction, topic);
  }
}

void ShardFeed::on_look(Question question, Result<AuctionLook> look) {
  Topic& topic = topics_[question.auction];
  --topic.asking;
  if (!look) {
    question.done(std::unexpected(std::move(look.error())));
    return drop_if_unused(question.auction);
  }
  if (!topic.mirror) {
    restart_from(question.auction, topic, look->view, look->events);
    publish(question.auction, topic);
  }
  if (look->view.epoch > topic.mirror->epoch && !topic.is_stale) look_again(question.auction, topic);
  topic.waiting.push_back({question.loop, question.from, std::move(*look), std::move(question.done)});
  answer_waiting(question.auction, topic);
}

void ShardFeed::restart_from(AuctionId auction, Topic& topic, const AuctionView& view,
                             std::span<const PublishedEvent> missed) {
  topic.mirror = std::make_shared<const AuctionView>(view);
  topic.tail = Tail(Sequence{view.auction.sequence.value() - missed.size()});
  for (const PublishedEvent& event : missed) topic.tail.push({event.json});
  topic.tail.trim(view.auction.sequence, kept_events);
  topic.fresh.clear();
  take_early(auction, topic);
}

void ShardFeed::take_early(AuctionId auction, Topic& topic) {
  for (const Early& early : std::exchange(topic.early, {})) {
    if (topic.is_stale) return;
    take(auction, topic, {auction, early.epoch, early.sequence, early.payload});
  }
}

void ShardFeed::answer_waiting(AuctionId auction, Topic& topic) {
  if (topic.is_stale) return;
  std::vector<Waiting> still;
  for (Waiting& waiting : std::exchange(topic.waiting, {})) {
    if (reaches(*topic.mirror, waiting.look.view)) {
      answer(topic, std::move(waiting));
    } else {
      still.push_back(std::move(waiting));
    }
  }
  topic.waiting = std::move(still);
  drop_if_unused(auction);
}

void ShardFeed::answer(Topic& topic, Waiting waiting) {
  if (topic.watchers_by_loop.empty()) topic.watchers_by_loop.resize(ports_.loops.size());
  ++topic.watchers_by_loop[waiting.loop];
  ++topic.watchers;
  ++all_watchers_;
  AuctionView now = *topic.mirror;
  now.watchers = topic.watchers;
  const auto& from = waiting.from;
  const AuctionView& seen = waiting.look.view;
  // What was missed is all there: in the look up to what it saw, in the mirror's tail from there on.
  const bool can_continue = from && (!from->epoch || *from->epoch == now.epoch) && seen.epoch == now.epoch &&
                            from->after <= seen.auction.sequence &&
                            seen.auction.sequence.value() - from->after.value() <= longest_resume &&
                            waiting.look.events.size() == seen.auction.sequence.value() - from->after.value() &&
                            topic.tail.covers(seen.auction.sequence);
  if (!can_continue) {
    return waiting.done(Snapshot{std::make_shared<const AuctionView>(std::move(now)), from.has_value()});
  }
  Continuation missed{now.epoch, std::move(waiting.look.events)};
  Sequence sequence = seen.auction.sequence;
  for (const Tail::Entry& entry : topic.tail.after(sequence)) {
    sequence = sequence.next();
    missed.events.push_back({sequence, entry.json, {}});
  }
  waiting.done(std::move(missed));
}

void ShardFeed::on_entries(std::span<const StreamEntry> entries) {
  std::vector<AuctionId> touched;
  for (const StreamEntry& entry : entries) {
    const auto found = topics_.find(entry.auction);
    if (found == topics_.end()) continue;
    Topic& topic = found->second;
    if (!topic.mirror || topic.is_stale) {
      if (topic.early.size() >= max_early) topic.early.clear();
      topic.early.push_back({entry.epoch, entry.sequence, std::string(entry.payload)});
      continue;
    }
    if (topic.fresh.empty()) touched.push_back(entry.auction);
    take(entry.auction, topic, entry);
  }
  for (const AuctionId auction : touched) {
    const auto found = topics_.find(auction);
    if (found == topics_.end()) continue;
    publish(auction, found->second);
    answer_waiting(auction, found->second);
  }
}

void ShardFeed::take(AuctionId auction, Topic& topic, const StreamEntry& entry) {
  const AuctionView& mirror = *topic.mirror;
  if (entry.epoch < mirror.epoch) return;
  if (entry.epoch == mirror.epoch && entry.sequence <= mirror.auction.sequence) return;
  const bool follows = entry.epoch == mirror.epoch && entry.sequence == mirror.auction.sequence.next();
  Result<DecodedEvent> decoded =
      follows ? decode_event(entry.payload, {}) : fail(Failure::corrupt, "not the next event");
  if (!decoded) return look_again(auction, topic);
  auto moved = std::make_shared<AuctionView>(mirror);
  apply(moved->auction, decoded->event);
  topic.mirror = std::move(moved);
  auto json = std::make_shared<const std::string>(entry.payload);
  topic.tail.push({json, std::holds_alternative<BidAccepted>(decoded->event.body)});
  topic.fresh.push_back({entry.sequence, std::move(json), {}});
}

void ShardFeed::publish(AuctionId auction, Topic& topic) {
  std::vector<PublishedEvent> fresh = std::exchange(topic.fresh, {});
  if (fresh.empty()) return;
  topic.tail.trim(topic.mirror->auction.sequence, kept_events);
  auto view = std::make_shared<AuctionView>(*topic.mirror);
  view->watchers = topic.watchers;
  for (std::size_t loop = 0; loop < topic.watchers_by_loop.size(); ++loop) {
    if (topic.watchers_by_loop[loop] == 0) continue;
    const LoopPort& port = ports_.loops[loop];
    port.executor->post([hub = port.hub, publication = Publication{auction, view->epoch, fresh, view}]() mutable {
      hub->publish(std::move(publication));
    });
  }
}

// What Redis has now: what the mirror lacks of it follows, or, if it is another history, everyone starts over.
void ShardFeed::look_again(AuctionId auction, Topic& topic) {
  if (topic.is_stale) return;
  topic.is_stale = true;
  ++topic.asking;
  ports_.node->look(auction, topic.mirror->auction.sequence, [this, auction](Result<AuctionLook> look) {
    Topic& stale = topics_[auction];
    --stale.asking;
    stale.is_stale = false;
    if (!look) {  // Redis is not there: what comes next does not follow, and asks again
      if (look.error().failure == Failure::not_found) return drop_if_unused(auction);
      return look_later(auction);
    }
    if (follows(*stale.mirror, *look)) {
      for (const PublishedEvent& event : look->events) {
        take(auction, stale, {auction, look->view.epoch, event.sequence, *event.json});
      }
      take_early(auction, stale);
    } else {
      start_over(auction, stale, look->view);
    }
    publish(auction, stale);
    answer_waiting(auction, stale);
  });
}

void ShardFeed::start_over(AuctionId auction, Topic& topic, const AuctionView& view) {
  restart_from(auction, topic, view, {});
  auto told = std::make_shared<AuctionView>(view);
  told->watchers = topic.watchers;
  for (std::size_t loop = 0; loop < topic.watchers_by_loop.size(); ++loop) {
    if (topic.watchers_by_loop[loop] == 0) continue;
    const LoopPort& port = ports_.loops[loop];
    port.executor->post([hub = port.hub, view = SharedView(told)] { hub->reset(view); });
  }
}

void ShardFeed::look_later(AuctionId auction) {
  constexpr std::chrono::milliseconds pause{200};
  ++topics_[auction].asking;
  auto timer = std::make_shared<boost::asio::steady_timer>(*ports_.io, pause);
  timer->async_wait([this, auction, timer](const boost::system::error_code& stopped) {
    if (stopped) return;
    Topic& topic = topics_[auction];
    --topic.asking;
    look_again(auction, topic);
  });
}

void ShardFeed::detach(std::size_t loop, AuctionId auction) {
  const auto found = topics_.find(auction);
  require(found != topics_.end() && found->second.watchers_by_loop[loop] > 0, "a watcher detaches once");
  --found->second.watchers_by_loop[loop];
  --found->second.watchers;
  --all_watchers_;
  drop_if_unused(auction);
  if (topics_.empty()) tail_.reset();  // never from inside the tail's own call
}

// Careful: the topic is gone afterwards if nobody needs it.
void ShardFeed::drop_if_unused(AuctionId auction) {
  const auto found = topics_.find(auction);
  if (found == topics_.end()) return;
  const Topic& topic = found->second;
  if (topic.watchers > 0 || topic.asking > 0 || !topic.waiting.empty()) return;
  topics_.erase(found);
}

std::uint32_t ShardFeed::watchers(AuctionId auction) const {
  const auto found = topics_.find(auction);
  return found == topics_.end() ? 0 : found->second.watchers;
}

}  // namespace flashbid
