#include "relay/relay.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace flashbid {
namespace {

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr std::int64_t first_pause_ms = 20;

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
    bool moved = false;
    Result<void> done = share();
    for (auto each = held_.begin(); done && each != held_.end(); ++each) {
      const Result<bool> more = move(each->second);
      if (!more) {
        // Whatever it was, this shard starts over from what the sink has.
        if (more.error().failure == Failure::conflict) held_.erase(each);
        done = std::unexpected(more.error());
        break;
      }
      moved = moved || *more;
    }
    if (!done && !bear(done.error())) return done;
    if (done) {
      pause_ms_ = 0;
      const std::scoped_lock lock(mutex_);
      counters_.failing = false;
      counters_.last_error.clear();
    }
    const bool waiting = options_.only_worker && held_.size() < options_.shards;
    if (!go_on(moved || !done || waiting)) break;
    if (done && !moved) pause(options_.idle.ms);
  }
  for (const auto& [shard, held] : held_) {
    if (!leases_.release(held.lease)) break;  // it ends by itself
  }
  held_.clear();
  return {};
}

bool Relay::go_on(bool moved) {
  const std::int64_t end_at = end_at_;
  return end_at < 0 || (moved && steady_ms() < end_at);
}

bool Relay::bear(const Error& error) {
  const bool final =
      error.failure == Failure::corrupt || error.failure == Failure::invalid || error.failure == Failure::internal;
  {
    const std::scoped_lock lock(mutex_);
    ++counters_.failures;
    counters_.failing = true;
    counters_.alarm = counters_.alarm || final;
    counters_.last_error = error.detail;
    counters_.shards = held_.size();
  }
  if (final) return false;
  pause_ms_ = std::clamp(pause_ms_ * 2, first_pause_ms, std::max(first_pause_ms, options_.longest_pause.ms));
  std::uniform_int_distribution<std::int64_t> part(pause_ms_ / 2, pause_ms_);
  pause(part(random_));
  return true;
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
  // A worker without its share looks more often: a lease may end any time.
  share_at_ =
      now + (held_.size() < share ? std::min<std::int64_t>(options_.lease.ms / 10, 500) : options_.lease.ms / 3);
  const std::scoped_lock lock(mutex_);
  counters_.shards = held_.size();
  return {};
}

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
    held_.emplace(shard,
                  Held{std::move(**lease), std::move(*source), std::nullopt, 0, steady_ms() + options_.lease.ms / 3});
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
    auto batch = held.source->read(options_.batch);
    if (!batch) return std::unexpected(std::move(batch.error()));
    held.behind = batch->behind;
    if (batch->records.empty() && batch->position == held.lease.position) {
      note(held);
      return false;
    }
    held.batch = std::move(*batch);
    note(held);
    if (auto read = step(RelayStep::read); !read) return std::unexpected(std::move(read.error()));
  }
  if (auto stored = sink_.store(held.lease, *held.batch); !stored) return std::unexpected(std::move(stored.error()));
  if (auto stored = step(RelayStep::stored); !stored) return std::unexpected(std::move(stored.error()));
  held.lease.position = held.batch->position;
  const std::uint64_t count = held.batch->records.size();
  held.batch.reset();
  {
    const std::scoped_lock lock(mutex_);
    counters_.stored += count;
    ++counters_.batches;
  }
  note(held);
  // If this fails the source gives the batch again some time, and it is stored again, to no effect.
  if (auto told = held.source->stored(held.lease.position); !told) return std::unexpected(std::move(told.error()));
  if (auto told = step(RelayStep::told); !told) return std::unexpected(std::move(told.error()));
  return true;
}

void Relay::note(const Held& held) {
  std::uint64_t lag = 0;
  for (const auto& [shard, each] : held_) lag += each.behind + (each.batch ? each.batch->records.size() : 0);
  const std::scoped_lock lock(mutex_);
  counters_.lag_events = lag;
  if (held.batch && !held.batch->records.empty()) {
    oldest_ = held.batch->records.front().at;
  } else if (held.behind == 0) {
    oldest_.reset();
  }
}

RelayCounters Relay::counters(Timestamp now) const {
  const std::scoped_lock lock(mutex_);
  RelayCounters counters = counters_;
  constexpr double second = 1'000;
  if (oldest_) counters.lag_seconds = std::max(0.0, static_cast<double>((now - *oldest_).ms) / second);
  return counters;
}

}  // namespace flashbid
