#include "simulation/watching.hpp"

#include <charconv>

namespace flashbid::simulation {

using support::Random;

void Watching::watch(const Step& step, Random& random) {
  // Who reads no more seldom asks for more.
  if (subscribed_ && stalled_ && random.percent(85)) return;
  const AuctionId id = stage_.id_of(step.auction);
  const auto loop = static_cast<std::size_t>(random.below(std::ssize(stage_.loops)));
  // Over the same connection a new subscription replaces the one before.
  if (subscribed_ && (id != auction_ || random.percent(50))) leave();
  if (!subscribed_) loop_ = loop;
  if (id != auction_) seen_.reset();
  auction_ = id;
  mode_ = random.percent(80) ? WatchMode::every : WatchMode::latest;
  from_ = resume_point(random);
  told_at_asking_ = stage_.told_of(id);
  attached_ = false;
  stalled_ = false;
  newer_state_waits_ = false;
  if (!subscribed_) begin_connection();
  send();
  subscribed_ = true;
  stage_.story.tell(fmt::format("watcher   {} asks for {} of auction {}{} (loop {})", name_,
                                mode_ == WatchMode::every ? "every event" : "the newest state", id.value(),
                                from_ ? " after event " + std::to_string(from_->after.value()) : "", loop_));
  const std::optional<ResumePoint> asked = from_;
  if (mode_ == WatchMode::latest) from_.reset();  // it never goes on: it starts at the newest state
  recorded_ = stage_.recording.watches(id, mode_, from_ ? std::optional(from_->after) : std::nullopt);
  stage_.at_loop(loop_, [&](Engine& engine) { engine.hub().subscribe(*this, id, mode_, asked); });
}

// Mostly what it has seen; at times what it cannot have, to be told so.
std::optional<ResumePoint> Watching::resume_point(Random& random) const {
  const auto chance = random.below(100);
  if (chance < 5) return ResumePoint{Epoch{stage_.disk.epoch.value() + 1}, Sequence{0}};
  if (chance < 10) return ResumePoint{stage_.disk.epoch, Sequence{stage_.truth.newest(auction_).value() + 3}};
  if (chance < 25) return ResumePoint{stage_.disk.epoch, Sequence{0}};
  if (!seen_ || chance < 35) return std::nullopt;
  if (chance < 45) return ResumePoint{std::nullopt, seen_->after};
  return seen_;
}

void Watching::begin_connection() {
  outbox_.emplace(Outbox::Bounds{.bytes = 1024 * 1024, .frames = stage_.plan.outbox_frames});
  connection_.renew();
  received_.clear();
}

bool Watching::can_continue_from(const ResumePoint& from, Sequence newest) const {
  return (!from.epoch || *from.epoch == stage_.disk.epoch) && from.after <= newest;
}

void Watching::leave() {
  if (!subscribed_) return;
  stage_.story.tell("watcher   " + name_ + " leaves");
  cut_off();
}

void Watching::cut_off() {
  subscribed_ = false;
  attached_ = false;
  newer_state_waits_ = false;
  outbox_.reset();
  const auto unsubscribe = [&] { (void)stage_.engine->on_loop(loop_).hub().unsubscribe(*this, auction_); };
  // From within a callback it is on its loop already.
  if (stage_.loops[loop_].here()) return unsubscribe();
  stage_.loops[loop_].run(unsubscribe);
}

void Watching::stall() {
  if (!subscribed_) return;
  stalled_ = true;
  stage_.story.tell("watcher   " + name_ + " reads no more");
}

void Watching::drain() {
  if (!subscribed_) return;
  stalled_ = false;
  send();
  if (newer_state_waits_) stage_.loops[loop_].run([&] { fetch_newest(); });
}

void Watching::lose() {
  subscribed_ = false;
  attached_ = false;
  newer_state_waits_ = false;
  outbox_.reset();
}

SharedBytes Watching::frame(std::string_view kind, Epoch epoch, Sequence sequence) {
  return std::make_shared<const std::string>(fmt::format("{} {} {}\n", kind, epoch.value(), sequence.value()));
}

void Watching::push(SharedBytes bytes) {
  const bool has_room = outbox_->push(std::move(bytes));
  stage_.story.expect(outbox_->frames() <= stage_.plan.outbox_frames + backlog_,
                      "INV-11: more waits for " + name_ + " than may");
  if (has_room) return send();
  stage_.story.expect(stalled_, "INV-11: " + name_ + " is cut off though it reads");
  stage_.story.reached("stalled watcher cut off");
  stage_.story.tell("watcher   " + name_ + " is cut off: too much waits for it");
  cut_off();
}

// What it may and can, unless the watcher reads no more.
void Watching::send() {
  if (stalled_) return;
  while (outbox_->send(connection_.channel()) == Outbox::Sent::blocked) receive();
  stage_.story.expect(outbox_->empty(), "INV-11: what can leave for " + name_ + " stays");
  backlog_ = 0;
  receive();
}

// "snapshot EPOCH SEQUENCE" or "continues EPOCH SEQUENCE", then "event EPOCH SEQUENCE" one after the other.
void Watching::receive() {
  received_ += connection_.receive();
  for (std::size_t end = received_.find('\n'); end != std::string::npos; end = received_.find('\n')) {
    const std::string_view line = std::string_view(received_).substr(0, end);
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::from_chars(line.data() + first + 1, line.data() + second, epoch);
    std::from_chars(line.data() + second + 1, line.data() + line.size(), sequence);
    const bool goes_on = line.starts_with("snapshot") || line.starts_with("continues") ||
                         (seen_ && seen_->epoch == Epoch{epoch} && seen_->after.next() == Sequence{sequence});
    stage_.story.expect(goes_on, "INV-10: at " + name_ + "'s end comes \"" + std::string(line) + "\" out of turn");
    seen_ = ResumePoint{Epoch{epoch}, Sequence{sequence}};
    received_.erase(0, end + 1);
  }
}

void Watching::expect_told_here(AuctionId auction, std::string_view what) {
  stage_.story.expect(stage_.loops[loop_].here(), name_ + " is told on another loop than it is on");
  stage_.story.expect(subscribed_ && auction == auction_,
                      "INV-10: " + name_ + " is told " + std::string(what) + " of what it does not watch");
}

void Watching::on_snapshot(const Snapshot& snapshot) {
  const AuctionView& view = *snapshot.view;
  expect_told_here(view.auction.id, "a state");
  stage_.story.tell(fmt::format("watcher   {} is told the state at event {}{}", name_, view.auction.sequence.value(),
                                snapshot.reset ? ", a reset" : ""));
  stage_.recording.told_state(recorded_, view);
  stage_.expect_view(name_, view);
  stage_.story.expect(view.auction.sequence >= told_at_asking_,
                      "INV-10: " + name_ + " is told a state that was old when it asked");
  stage_.story.expect(snapshot.reset == from_.has_value(),
                      "INV-10: " + name_ + " is told a snapshot and a reset for one another");
  if (from_) {
    stage_.story.reached("reset");
    stage_.story.expect(!can_continue_from(*from_, told_at_asking_),
                        "INV-10: " + name_ + " has to start over without a reason");
  }
  attached_ = true;
  last_ = view.auction.sequence;
  push(frame("snapshot", view.epoch, last_));
}

void Watching::on_missed(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) {
  stage_.story.reached("continuation");
  const bool right = from_ && can_continue_from(*from_, stage_.truth.newest(auction));
  stage_.story.expect(right, "INV-10: " + name_ + " goes on from where it cannot");
  if (!right) return;
  attached_ = true;
  last_ = from_->after;
  // What was missed is no reason to be cut off, however much it is: unless as much waits already.
  std::vector<SharedBytes> backlog{frame("continues", epoch, last_)};
  for (const PublishedEvent& event : events) {
    if (!expect_next(auction, epoch, event)) return;
    backlog.push_back(frame("event", epoch, event.sequence));
  }
  const bool waits = backlog_ > 0;
  backlog_ = waits ? backlog_ : backlog.size();
  if (outbox_->push_backlog(backlog)) {
    send();
  } else {
    stage_.story.expect(waits, "INV-11: " + name_ + " is cut off for what it missed");
    cut_off();
  }
  stage_.story.expect(last_ >= told_at_asking_, "INV-10: " + name_ + " is told too little of what it missed");
}

void Watching::on_events(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) {
  for (const PublishedEvent& event : events) {
    if (!expect_next(auction, epoch, event)) return;
    push(frame("event", epoch, event.sequence));
    if (!subscribed_) return;
  }
}

bool Watching::expect_next(AuctionId auction, Epoch epoch, const PublishedEvent& event) {
  expect_told_here(auction, "events");
  stage_.story.expect(epoch == stage_.disk.epoch, "INV-10: " + name_ + " is told another epoch than the ledger's");
  stage_.story.tell(fmt::format("watcher   {} is told event {}", name_, event.sequence.value()));
  if (event.sequence != last_.next()) {
    stage_.story.violated(fmt::format("INV-10: {} is told event {} of auction {} after event {}", name_,
                                      event.sequence.value(), auction.value(), last_.value()));
    return false;
  }
  const DurableAuction::Fact* fact = stage_.truth.fact(auction, event.sequence);
  if (fact == nullptr) {
    stage_.story.violated(fmt::format("INV-3: {} is told event {} of auction {}, which is not durable", name_,
                                      event.sequence.value(), auction.value()));
    return false;
  }
  stage_.recording.told_event(recorded_, event.sequence, *fact->record.payload == *event.json);
  stage_.story.expect(*fact->record.payload == *event.json,
                      "INV-10: " + name_ + " is told an event in other words than the ledger's");
  last_ = event.sequence;
  stage_.tell_of(auction, last_);
  return true;
}

void Watching::on_newer_state(AuctionId auction) {
  expect_told_here(auction, "of a newer state");
  if (stalled_) {
    newer_state_waits_ = true;
  } else {
    fetch_newest();
  }
}

void Watching::fetch_newest() {
  newer_state_waits_ = false;
  const StateUpdate* newest = stage_.engine->on_loop(loop_).hub().newest(auction_);
  if (newest == nullptr) return stage_.story.violated("INV-10: " + name_ + " is told of a state that is not there");
  stage_.story.tell(
      fmt::format("watcher   {} fetches the state at event {}", name_, newest->view->auction.sequence.value()));
  stage_.recording.told_state(recorded_, *newest->view);
  stage_.expect_view(name_, *newest->view);
  stage_.story.expect(newest->view->auction.sequence >= last_, "INV-10: " + name_ + " fetches an older state");
  last_ = newest->view->auction.sequence;
}

void Watching::on_refused(AuctionId auction, const Error& error) {
  stage_.story.tell("watcher   " + name_ + " is refused: " + error.detail);
  subscribed_ = false;
  if (error.failure == Failure::not_found) {
    stage_.story.expect(told_at_asking_ == Sequence{0},
                        "INV-10: " + name_ + " is told that a durable auction is not there");
    return;
  }
  stage_.expect_reason(fmt::format("{}, on auction {},", name_, auction.value()), error);
}

void Watching::expect_complete() {
  if (!subscribed_) return;
  drain();
  stage_.story.expect(attached_, "INV-10: " + name_ + " is never answered");
  if (!attached_ || last_ == stage_.truth.newest(auction_)) return;
  stage_.story.violated(fmt::format("INV-10: {} was told up to event {} of auction {}, which has {}", name_,
                                    last_.value(), auction_.value(), stage_.truth.newest(auction_).value()));
}

}  // namespace flashbid::simulation
