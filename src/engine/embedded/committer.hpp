// The one thread that writes the ledger: appends, and in idle moments moves rows into history. Group commit: whatever
// the shards submitted while the last sync ran becomes durable with the next one.
//
// What it does, it does in turns. start() makes the thread that takes them; without it, who owns the committer does,
// always on one thread: that one is "the committer's thread" below.
//
// Members guarded by mutex_ are grouped below; the rest belongs to the committer's thread.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "engine/embedded/batch.hpp"
#include "engine/engine.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

class Committer {
 public:
  // Where a shard hears of its batches. Called on the committer's thread: implementations hop to their own.
  class Shard {
   public:
    virtual ~Shard() = default;
    virtual void committed(std::shared_ptr<Batch> batch) = 0;
    virtual void failed(std::shared_ptr<Batch> batch, Error error) = 0;
    virtual void moved(std::vector<Moved> moved) = 0;
  };

  struct Options {
    std::size_t move_slice = 256;         // rows moved at a time when idle
    std::size_t max_unmoved = 1'000'000;  // above it, moving takes turns with appending
    std::size_t busy_move_slice = 2'048;  // rows moved at a time then
    Duration idle_before_moving{250};     // no append for that long: else a slow auction pays a move for each bid
    Duration longest_final_move{5'000};   // how long stop() goes on moving
  };

  Committer(LedgerWriter& writer, Clock& clock, Options options) : writer_(writer), clock_(clock), options_(options) {}
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Before the first turn, once the ledger is recovered. The index is what submit() names.
  void set_shards(std::vector<Shard*> shards);
  // Called once, on the committer's thread, when a sync has failed: nothing can be trusted from then on (INV-12).
  void on_sync_failed(std::function<void(const Error&)> callback) { on_sync_failed_ = std::move(callback); }
  void start();
  // Ends the thread, after it has committed what was submitted and moved what it can within its time.
  void stop();

  // Commits what was submitted; if nothing was, the moment is idle: moves a slice into history, or forgets. The next
  // turn is due when a batch waits, and without one after the time that is returned.
  Duration turn();
  // What stop() does before the thread ends, for who gives the turns: commits what was submitted, moves what it can.
  void finish();
  // Any thread.
  [[nodiscard]] bool batch_waits() const;

  // Any shard's thread. Batches of a shard are committed in the order of their submission.
  void submit(std::size_t shard, std::shared_ptr<Batch> batch);

  // Any thread.
  [[nodiscard]] Health health() const;
  void count_into(EngineCounters& counters) const;

 private:
  struct Submitted {
    std::size_t shard;
    std::shared_ptr<Batch> batch;
  };

  void run();
  void commit(std::vector<Submitted>& group);
  void fail_group(std::vector<Submitted>& group, const Error& error);
  // False if there was nothing to move.
  bool move(std::size_t max_records);
  // True if there is more to forget.
  bool forget();
  void move_the_rest();
  void note_problem(std::string problem, bool sticky);

  LedgerWriter& writer_;
  Clock& clock_;
  const Options options_;
  std::vector<Shard*> shards_;
  std::function<void(const Error&)> on_sync_failed_;
  std::vector<std::uint64_t> generations_;  // the memory that each shard's next good batch rests on
  std::vector<Submitted> group_;            // of the transaction being made, reused
  std::vector<Record> records_;             // the same one's
  Timestamp next_forgetting_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Submitted> queue_;
  bool sleeping_ = false;
  bool stopping_ = false;
  std::string problem_;  // why nothing can be committed; empty = nothing is wrong
  bool problem_sticky_ = false;
  Timestamp problem_at_;

  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> committed_records_{0};
  std::atomic<std::uint64_t> failed_commits_{0};
  std::atomic<std::uint64_t> unmoved_{0};
  Histogram commit_;
};

}  // namespace flashbid
