#include "engine/embedded/committer.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"

namespace flashbid {
namespace {

constexpr Duration forgetting_period{60'000};
// A full disk is believed for so long after the last failed commit; then the next bid tries again.
constexpr Duration problem_lifetime{5'000};

std::uint64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

Committer::~Committer() { stop(); }

void Committer::set_shards(std::vector<Shard*> shards) {
  shards_ = std::move(shards);
  generations_.assign(shards_.size(), 0);
  unmoved_.store(writer_.unmoved(), std::memory_order_relaxed);
}

void Committer::start() {
  thread_ = std::thread([this] { run(); });
}

void Committer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Committer::submit(std::size_t shard, std::shared_ptr<Batch> batch) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back({shard, std::move(batch)});
    wake = sleeping_;
  }
  if (wake) wake_.notify_one();
}

void Committer::run() {
  Duration patience = options_.idle_before_moving;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      sleeping_ = true;
      wake_.wait_for(lock, std::chrono::milliseconds(patience.ms), [this] { return !queue_.empty() || stopping_; });
      sleeping_ = false;
      if (queue_.empty() && stopping_) break;
    }
    patience = turn();
  }
  finish();
}

void Committer::finish() {
  while (batch_waits()) turn();
  move_the_rest();
}

bool Committer::batch_waits() const {
  const std::scoped_lock lock(mutex_);
  return !queue_.empty();
}

Duration Committer::turn() {
  {
    const std::scoped_lock lock(mutex_);
    group_.swap(queue_);
  }
  if (!group_.empty()) {
    commit(group_);
    group_.clear();
    if (writer_.unmoved() > options_.max_unmoved) move(options_.busy_move_slice);
    return options_.idle_before_moving;
  }
  bool all_moved = !move(options_.move_slice);
  if (all_moved && clock_.now() >= next_forgetting_) all_moved = !forget();
  return all_moved ? forgetting_period : Duration{0};
}

void Committer::commit(std::vector<Submitted>& group) {
  records_.clear();
  for (Submitted& submitted : group) {
    // It rests on memory that a failed batch has undone: it fails the same way.
    if (submitted.batch->generation != generations_[submitted.shard]) {
      shards_[submitted.shard]->failed(std::move(submitted.batch), {Failure::unavailable, "the ledger had no space"});
      continue;
    }
    records_.insert(records_.end(), submitted.batch->records.begin(), submitted.batch->records.end());
  }
  std::erase_if(group, [](const Submitted& submitted) { return submitted.batch == nullptr; });
  if (group.empty()) return;

  const Stopwatch::time_point start = Stopwatch::now();
  const Result<void> appended = writer_.append(records_);
  const Stopwatch::duration took = Stopwatch::now() - start;
  if (!appended) {
    fail_group(group, appended.error());
    return;
  }
  commits_.fetch_add(1, std::memory_order_relaxed);
  committed_records_.fetch_add(records_.size(), std::memory_order_relaxed);
  commit_.add(took);
  unmoved_.store(writer_.unmoved(), std::memory_order_relaxed);
  {
    const std::scoped_lock lock(mutex_);
    if (!problem_sticky_) problem_.clear();
  }
  for (Submitted& submitted : group) shards_[submitted.shard]->committed(std::move(submitted.batch));
}

void Committer::fail_group(std::vector<Submitted>& group, const Error& error) {
  failed_commits_.fetch_add(1, std::memory_order_relaxed);
  const bool sync_failed = error.failure != Failure::unavailable;
  note_problem(error.detail, sync_failed);
  std::vector<std::size_t> undone;
  for (Submitted& submitted : group) {
    undone.push_back(submitted.shard);
    shards_[submitted.shard]->failed(std::move(submitted.batch), error);
  }
  // Every batch that a shard made before it heard of this rests on what was undone.
  std::ranges::sort(undone);
  const auto repeated = std::ranges::unique(undone);
  undone.erase(repeated.begin(), repeated.end());
  for (const std::size_t shard : undone) ++generations_[shard];
  if (sync_failed && on_sync_failed_) std::exchange(on_sync_failed_, nullptr)(error);
}

bool Committer::move(std::size_t max_records) {
  Result<std::vector<Moved>> moved = writer_.move(max_records);
  unmoved_.store(writer_.unmoved(), std::memory_order_relaxed);
  if (!moved) {
    note_problem(moved.error().detail, moved.error().failure != Failure::unavailable);
    if (moved.error().failure != Failure::unavailable && on_sync_failed_) {
      std::exchange(on_sync_failed_, nullptr)(moved.error());
    }
    return false;
  }
  if (moved->empty()) return writer_.unmoved() > 0;
  std::vector<std::vector<Moved>> by_shard(shards_.size());
  for (const Moved& one : *moved) by_shard[one.auction.value() % shards_.size()].push_back(one);
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    if (!by_shard[shard].empty()) shards_[shard]->moved(std::move(by_shard[shard]));
  }
  return true;
}

bool Committer::forget() {
  const Result<bool> more = writer_.forget_answers(clock_.now());
  if (!more) note_problem(more.error().detail, false);
  if (more && *more) return true;
  next_forgetting_ = clock_.now() + forgetting_period;
  return false;
}

void Committer::move_the_rest() {
  const auto start = std::chrono::steady_clock::now();
  const auto longest_ns = static_cast<std::uint64_t>(options_.longest_final_move.ms) * 1'000'000;
  while (writer_.unmoved() > 0 && nanoseconds_since(start) < longest_ns) {
    if (const auto moved = writer_.move(options_.busy_move_slice); !moved) return;
  }
}

void Committer::note_problem(std::string problem, bool sticky) {
  const std::scoped_lock lock(mutex_);
  if (problem_sticky_) return;
  problem_ = std::move(problem);
  problem_sticky_ = sticky;
  problem_at_ = clock_.now();
}

Health Committer::health() const {
  const std::scoped_lock lock(mutex_);
  const bool stale = !problem_sticky_ && clock_.now() > problem_at_ + problem_lifetime;
  Health health;
  health.ready = problem_.empty() || stale;
  if (!health.ready) health.reason = problem_;
  return health;
}

void Committer::count_into(EngineCounters& counters) const {
  counters.commits = commits_.load(std::memory_order_relaxed);
  counters.committed_records = committed_records_.load(std::memory_order_relaxed);
  counters.failed_commits = failed_commits_.load(std::memory_order_relaxed);
  commit_.add_to(counters.commit);
  counters.unmoved = unmoved_.load(std::memory_order_relaxed);
}

}  // namespace flashbid
