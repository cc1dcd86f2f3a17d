#include "relay/relay.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/system_clock.hpp"

namespace flashbid {
namespace {

constexpr std::int64_t first_pause_ms = 20;
constexpr std::int64_t look_for_rest_ms = 1'000;  // what a source could let go of
constexpr std::int64_t forget_every_ms = 30'000;
constexpr std::int64_t count_every_ms = 1'000;

}  // namespace

Relay::Relay(RelayOptions options, OpenSource open_source, Sink& sink, Leases& leases)
    : options_(std::move(options)), open_source_(std::move(open_source)), sink_(sink), leases_(leases) {}

void Relay::stop(Duration drain) { end_at_ = steady_ms() + drain.ms; }

Result<void> Relay::step(RelayStep step) const {
  if (!options_.after_step) return {};
  return options_.after_step(step);
}

Result<void> Relay::run() {
  for (;;) {
    Round round;
    if (const auto shared = share(); !shared) {
      fail_round(round, shared.error());
      retry_at_ = later(pause_ms_);
    } else {
      pause_ms_ = 0;
      move_all(round);
      if (!round.error) tidy_sink(round);
    }
    if (round.error) count_waiting();
    tell(round);
    if (round.error && is_final(*round.error)) return std::unexpected(std::move(*round.error));
    const bool waiting = options_.only_worker && held_.size() < options_.shards;
    if (!go_on(round.moved || round.error || waiting)) break;
    if (!round.moved) pause(std::max(options_.idle.ms, retry_at_ - steady_ms()));
  }
  for (const auto& [shard, held] : held_) {
    if (!leases_.release(held.lease)) break;  // it ends by itself
  }
  held_.clear();
  return {};
}

bool Relay::is_late() const { return end_at_ >= 0 && steady_ms() >= end_at_; }

bool Relay::go_on(bool moved) const { return end_at_ < 0 || (moved && !is_late()); }

// Whatever else is wrong, a password or a privilege too, may be put right while this runs.
bool Relay::is_final(const Error& error) { return error.failure == Failure::corrupt; }

// The next moment to try what has failed; pauses grow, and vary.
std::int64_t Relay::later(std::int64_t& pause_ms) {
  pause_ms = std::clamp(pause_ms * 2, first_pause_ms, std::max(first_pause_ms, options_.longest_pause.ms));
  std::uniform_int_distribution<std::int64_t> part(pause_ms / 2, pause_ms);
  return steady_ms() + part(random_);
}

void Relay::fail_round(Round& round, const Error& error) {
  if (!round.error || is_final(error)) round.error = error;
  const std::scoped_lock lock(mutex_);
  ++counters_.failures;
}

// One shard's trouble is not the others': it pauses alone.
void Relay::move_all(Round& round) {
  for (auto next = held_.begin(); next != held_.end() && !is_late();) {
    const auto each = next++;
    Held& held = each->second;
    if (steady_ms() < held.retry_at) {
      if (!round.error) round.error = held.trouble;
      continue;
    }
    Result<bool> moved = move(held);
    if (moved) moved = tidy(held, *moved);
    if (moved) {
      held.trouble.reset();
      held.pause_ms = 0;
      round.moved = round.moved || *moved;
      continue;
    }
    fail_round(round, moved.error());
    if (is_final(moved.error())) return;
    if (moved.error().failure == Failure::conflict) {
      // Whatever it was, this shard starts over from what is stored.
      held_.erase(each);
      share_at_ = std::min(share_at_, steady_ms() + look_again_ms());
    } else {
      held.trouble = std::move(moved.error());
      held.retry_at = later(held.pause_ms);
    }
  }
}

void Relay::tell(const Round& round) {
  note();
  const std::scoped_lock lock(mutex_);
  counters_.shards = held_.size();
  counters_.failing = round.error.has_value();
  counters_.alarm = counters_.alarm || (round.error && is_final(*round.error));
  counters_.last_error = round.error ? round.error->detail : std::string();
  if (!counters_.failing) {
    failing_since_ms_ = 0;
  } else if (failing_since_ms_ == 0) {
    failing_since_ms_ = steady_ms();
  }
}

// In short pieces, so that stop() is soon heard.
void Relay::pause(std::int64_t ms) const {
  const std::int64_t until = steady_ms() + ms;
  while (steady_ms() < until && (end_at_ < 0 || steady_ms() < end_at_)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min<std::int64_t>(until - steady_ms() + 1, 20)));
  }
}

// Every third of a lease: tells that this worker lives, and takes or gives back shards until it has its share.
Result<void> Relay::share() {
  const std::int64_t now = steady_ms();
  if (now < share_at_) return {};
  const auto workers = leases_.beat(options_.owner, options_.lease);
  if (!workers) return std::unexpected(workers.error());
  const std::uint64_t share = (options_.shards + *workers - 1) / std::max<std::uint64_t>(*workers, 1);
  if (auto given = give_back(share); !given) return given;
  if (auto taken = take(share); !taken) return taken;
  unheld_ = {};
  // A worker without its share looks more often: a lease may end any time.
  share_at_ = now + (held_.size() < share ? look_again_ms() : options_.lease.ms / 3);
  return {};
}

std::int64_t Relay::look_again_ms() const { return std::min<std::int64_t>(options_.lease.ms / 10, 500); }

Result<void> Relay::give_back(std::uint64_t share) {
  while (held_.size() > share) {
    const auto last = std::prev(held_.end());
    if (auto released = leases_.release(last->second.lease); !released) return released;
    held_.erase(last);
  }
  return {};
}

Result<void> Relay::take(std::uint64_t share) {
  // Each begins elsewhere, so that workers that start together do not ask for the same.
  const std::uint64_t first = std::hash<std::string>{}(options_.owner) % options_.shards;
  for (std::uint64_t k = 0; k < options_.shards && held_.size() < share; ++k) {
    const std::uint64_t shard = (first + k) % options_.shards;
    if (held_.contains(shard)) continue;
    auto lease = leases_.acquire(shard, options_.owner, options_.lease);
    if (!lease) return std::unexpected(std::move(lease.error()));
    if (!*lease) continue;
    auto source = open_source_(shard);
    if (!source) return std::unexpected(std::move(source.error()));
    if (auto begun = (*source)->begin((*lease)->position); !begun) return begun;
    Held held{.lease = std::move(**lease), .source = std::move(*source)};
    held.renew_at = steady_ms() + options_.lease.ms / 3;
    held_.emplace(shard, std::move(held));
    if (auto acquired = step(RelayStep::acquired); !acquired) return acquired;
  }
  return {};
}

Result<bool> Relay::move(Held& held) {
  if (steady_ms() >= held.renew_at) {
    if (auto renewed = leases_.renew(held.lease, options_.lease); !renewed) return std::unexpected(renewed.error());
    held.renew_at = steady_ms() + options_.lease.ms / 3;
  }
  if (!held.batch) {
    if (const auto there = read(held); !there || !*there) return there;
  }
  const auto kept = store(held);
  if (!kept) return std::unexpected(kept.error());
  std::uint64_t dead_letters = kept->dead_letters;
  if (!kept->refused.empty()) {
    const auto dead = held.source->refused(kept->refused);
    if (!dead) return std::unexpected(dead.error());
    dead_letters += *dead;
  }
  if (auto stored = step(RelayStep::stored); !stored) return std::unexpected(std::move(stored.error()));
  if (dead_letters > 0) count_dead(dead_letters);
  held.lease.position = held.batch->position;
  const std::uint64_t count = held.batch->records.size() - kept->refused.size() - kept->dead_letters;
  held.batch.reset();
  held.untidied += count;
  if (held.behind == 0) held.oldest.reset();
  {
    const std::scoped_lock lock(mutex_);
    counters_.stored += count;
    ++counters_.batches;
  }
  // If this fails the source gives the batch again some time, and it is stored again, to no effect.
  if (auto told = held.source->stored(held.lease.position); !told) return std::unexpected(std::move(told.error()));
  if (auto told = step(RelayStep::told); !told) return std::unexpected(std::move(told.error()));
  return true;
}

Result<bool> Relay::read(Held& held) {
  auto batch = held.ahead ? Result<SourceBatch>(std::move(*held.ahead)) : held.source->read(options_.batch);
  held.ahead.reset();
  if (!batch) return std::unexpected(std::move(batch.error()));
  held.behind = batch->behind;
  if (batch->dead_letters > 0) count_dead(batch->dead_letters);
  held.oldest.reset();
  if (batch->records.empty() && batch->position == held.lease.position) return false;
  if (!batch->records.empty()) held.oldest = batch->records.front().at;
  held.batch = std::move(*batch);
  note();
  if (auto read = step(RelayStep::read); !read) return std::unexpected(std::move(read.error()));
  return true;
}

// A sink's time is mostly another process's: what waits behind the batch is read meanwhile.
Result<Stored> Relay::store(Held& held) const {
  if (held.ahead || held.behind == 0 || !sink_.stands_apart()) return sink_.store(held.lease, *held.batch);
  std::future<Result<Stored>> storing;
  try {
    storing = std::async(std::launch::async, [&] { return sink_.store(held.lease, *held.batch); });
  } catch (const std::system_error&) {  // no thread is to be had now
    return sink_.store(held.lease, *held.batch);
  }
  auto ahead = held.source->read_ahead(options_.batch);
  auto kept = storing.get();
  if (ahead) held.ahead = std::move(*ahead);
  return kept;
}

void Relay::count_dead(std::uint64_t letters) {
  const std::scoped_lock lock(mutex_);
  counters_.dead_letters += letters;
}

// In slices, twice as large as what came meanwhile: under load it catches up, and when there is nothing to move it goes
// on until all is let go of. After it has failed for long, in several: one is never large. Answers what it was told
// about moving.
Result<bool> Relay::tidy(Held& held, bool moved) const {
  constexpr std::uint64_t least = 2'000;
  constexpr std::uint64_t most = 10'000;
  const bool due = held.untidied >= least || (!moved && steady_ms() >= held.tidy_at);
  if (!due) return moved;
  const std::uint64_t slice = 2 * std::clamp(held.untidied, least, most);
  const auto more = held.source->tidy(slice);
  if (!more) return std::unexpected(more.error());
  held.untidied -= *more ? std::min(held.untidied, slice) : held.untidied;
  held.tidy_at = steady_ms() + (*more ? 0 : look_for_rest_ms);
  return moved;
}

void Relay::tidy_sink(Round& round) {
  if (steady_ms() < tidy_sink_at_) return;
  const auto more = sink_.tidy();
  if (!more) fail_round(round, more.error());
  tidy_sink_at_ = steady_ms() + (more && *more ? options_.idle.ms : forget_every_ms);
}

// While nothing can be stored: what gathers meanwhile. Whoever holds no shard looks at all of them.
void Relay::count_waiting() {
  if (steady_ms() < count_at_) return;
  count_at_ = steady_ms() + count_every_ms;
  for (auto& [shard, held] : held_) {
    const auto waiting = held.source->waiting();
    if (!waiting) return;
    held.behind = waiting->events + (held.ahead ? held.ahead->records.size() : 0);
  }
  if (!held_.empty()) return;
  Waiting all;
  for (std::uint64_t shard = 0; shard < options_.shards; ++shard) {
    const auto source = open_source_(shard);
    const auto waiting = source ? (*source)->waiting() : std::unexpected(source.error());
    if (!waiting) return;
    all.events += waiting->events;
    if (waiting->oldest) all.oldest = std::min(all.oldest.value_or(*waiting->oldest), *waiting->oldest);
  }
  unheld_ = all;
}

void Relay::note() {
  Waiting all = unheld_;
  for (const auto& [shard, held] : held_) {
    all.events += held.behind + (held.batch ? held.batch->records.size() : 0);
    if (held.oldest) all.oldest = std::min(all.oldest.value_or(*held.oldest), *held.oldest);
  }
  const std::scoped_lock lock(mutex_);
  counters_.lag_events = all.events;
  oldest_ = all.oldest;
}

RelayCounters Relay::counters(Timestamp now) const {
  const std::scoped_lock lock(mutex_);
  RelayCounters counters = counters_;
  constexpr double second = 1'000;
  if (oldest_) {
    counters.lag_seconds = std::max(0.0, static_cast<double>((now - *oldest_).ms) / second);
  } else if (counters.lag_events > 0 && failing_since_ms_ > 0) {
    counters.lag_seconds = static_cast<double>(steady_ms() - failing_since_ms_) / second;
  }
  return counters;
}

}  // namespace flashbid
