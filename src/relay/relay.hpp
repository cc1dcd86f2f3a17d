// A worker that moves events from sources to a sink: it holds the leases of its share of the shards, and for each
// reads, stores, and tells the source that it is stored. Dying between any two of these loses nothing and doubles
// nothing: what was not told is read again, and storing it again changes nothing. Whatever fails is tried again, but
// for Failure::corrupt, the alarm: what is in the sink contradicts the source.
//
// run() belongs to one thread, which owns sources and sink; everything else may be called from any thread. While a sink
// that stands apart stores a batch, the source reads the next one. Memory is bounded: two batches a shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "relay/sink.hpp"
#include "relay/source.hpp"

namespace flashbid {

enum class RelayStep : std::uint8_t { acquired, read, stored, told };

struct RelayOptions {
  std::string owner;  // unique among all workers, also after a restart
  std::uint64_t shards = 1;
  std::size_t batch = 4'000;
  Duration lease{10'000};
  // Nobody else moves these shards: stop() also waits for a lease that a worker which died has left.
  bool only_worker = false;
  Duration idle{20};              // between two looks at sources that had nothing
  Duration longest_pause{2'000};  // after failures
  // For tests: told after each step; Failure::corrupt ends run() there, as if the process had died.
  std::function<Result<void>(RelayStep)> after_step;
};

// Totals since start, and how things are.
struct RelayCounters {
  std::uint64_t stored = 0;  // events
  std::uint64_t batches = 0;
  std::uint64_t dead_letters = 0;  // events set aside for good
  std::uint64_t failures = 0;
  std::uint64_t shards = 0;      // held now
  std::uint64_t lag_events = 0;  // known to wait; all there are, where it is not known how many are stored
  double lag_seconds = 0;        // the age of the oldest one that is known, or how long the trouble has lasted
  bool failing = false;          // the last try failed
  bool alarm = false;            // what is there contradicts the source: stopped for good
  std::string last_error;        // empty = none since the last success
};

class Relay {
 public:
  Relay(RelayOptions options, OpenSource open_source, Sink& sink, Leases& leases);

  // Until stop() or an alarm, which is the failure returned.
  [[nodiscard]] Result<void> run();
  // Ends run(): at once, or once nothing is left to store, but after `drain` at the latest.
  void stop(Duration drain = {});
  [[nodiscard]] RelayCounters counters(Timestamp now) const;

 private:
  struct Held {
    ShardLease lease;
    std::unique_ptr<Source> source;
    std::optional<SourceBatch> batch;  // read and not known to be stored
    std::optional<SourceBatch> ahead;  // read behind it: the next batch
    std::uint64_t behind = 0;
    std::optional<Timestamp> oldest;  // of what is read and not stored, and what is behind it
    std::uint64_t untidied = 0;       // events stored since the source let go of any
    std::int64_t renew_at = 0, tidy_at = 0;
    std::optional<Error> trouble;  // of the last try; the next one is at retry_at
    std::int64_t retry_at = 0, pause_ms = 0;
  };
  using Shards = std::map<std::uint64_t, Held>;
  // Once through all shards.
  struct Round {
    bool moved = false;
    std::optional<Error> error;  // one of them, a final one if there is any
  };

  [[nodiscard]] Result<void> share();
  [[nodiscard]] Result<void> take(std::uint64_t share);
  [[nodiscard]] Result<void> give_back(std::uint64_t share);
  [[nodiscard]] std::int64_t look_again_ms() const;
  void move_all(Round& round);
  // True if something was moved.
  [[nodiscard]] Result<bool> move(Held& held);
  // False if there is nothing to store.
  [[nodiscard]] Result<bool> read(Held& held);
  [[nodiscard]] Result<Stored> store(Held& held) const;
  [[nodiscard]] Result<bool> tidy(Held& held, bool moved) const;
  void count_dead(std::uint64_t letters);
  void tidy_sink(Round& round);
  [[nodiscard]] Result<void> step(RelayStep step) const;
  [[nodiscard]] bool is_late() const;
  [[nodiscard]] bool go_on(bool moved) const;
  [[nodiscard]] static bool is_final(const Error& error);
  [[nodiscard]] std::int64_t later(std::int64_t& pause_ms);
  void fail_round(Round& round, const Error& error);
  void pause(std::int64_t ms) const;
  void count_waiting();
  void note();
  void tell(const Round& round);

  RelayOptions options_;
  OpenSource open_source_;
  Sink& sink_;
  Leases& leases_;
  Shards held_;
  std::int64_t share_at_ = 0;
  std::int64_t pause_ms_ = 0, retry_at_ = 0;  // after a share() that failed
  std::int64_t tidy_sink_at_ = 0;
  std::int64_t count_at_ = 0;
  Waiting unheld_;  // while no shard is held
  std::minstd_rand random_{std::random_device{}()};

  std::atomic<std::int64_t> end_at_{-1};  // of the steady clock, ms; -1 = not asked to end
  mutable std::mutex mutex_;              // guards what follows
  RelayCounters counters_;
  std::optional<Timestamp> oldest_;    // of what waits
  std::int64_t failing_since_ms_ = 0;  // 0 = not failing
};

}  // namespace flashbid
