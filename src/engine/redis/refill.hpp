// Puts back into a primary what the archive has of a shard and the primary lacks, before a new epoch begins there: so
// what was accepted and archived never goes back in time. Has a thread of its own, on which alone PostgreSQL is asked;
// ask() and stop() are called on the Redis thread, or before and after it runs. It never blocks the Redis thread, holds
// a page at a time, and has connections to PostgreSQL only while it works.
//
// Several nodes may do it at once: the functions it calls move only forward, and all agree on the epoch to come.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "archive/url.hpp"
#include "base/executor.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "redis/client.hpp"

namespace flashbid {

// How the archive calls a ledger in Redis.
inline constexpr std::string_view redis_origin = "redis";

// How many shards the ledger has that the archive is of; 0 = of none yet. Failure::invalid if that is none in Redis, or
// one of other than `shards` (0 = any). Waits for PostgreSQL.
[[nodiscard]] Result<unsigned> archived_shards(const ArchiveUrl& url, unsigned shards);

// What was put back.
struct RefillCounts {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;
  std::uint64_t keys = 0;  // of bids and creations

  friend bool operator==(const RefillCounts&, const RefillCounts&) = default;
};

class Refill {
 public:
  struct Options {
    ArchiveUrl url;
    unsigned shards = redis::default_shards;
    // False: a shard without data is refused if the archive has any, for it is for an operator to say that Redis is
    // to be rebuilt.
    bool rebuilds = false;
    std::function<void(Task)> on_redis_thread;  // any thread may call
    std::function<void(const std::string& line)> on_notice;
    std::function<void(unsigned shard, const RefillCounts&)> on_refilled;  // optional; on the refill's thread
  };

  struct Question {
    std::shared_ptr<redis::Primary> primary;
    unsigned shard = 0;
    Epoch used;               // the highest that the shard is known to have been in
    std::string incarnation;  // as the shard named it when this was asked
    bool is_new = false;      // the shard has no data there
    bool admitted = false;    // the primary is the shard's already: a new epoch only if it lacks something
  };
  // The epoch that may begin now, everything being there; the one in use if `admitted` and nothing was missing.
  using Done = std::move_only_function<void(Result<Epoch>)>;

  explicit Refill(Options options);
  ~Refill();
  Refill(const Refill&) = delete;
  Refill& operator=(const Refill&) = delete;

  // `done` comes on the Redis thread, unless it is stopped before.
  //   Failure::unavailable  not now: PostgreSQL or Redis did not answer
  //   Failure::invalid      the archive is of another ledger, or Redis is empty and not to be rebuilt
  //   Failure::corrupt      Redis and archive went different ways
  void ask(Question question, Done done);
  // Gives up what is under way and ends the thread.
  void stop();

 private:
  struct Asked {
    Question question;
    Done done;
  };
  class Work;
  struct Round;

  void run();
  // Commands on that very connection, all at once; the first failure or error reply ends it.
  [[nodiscard]] Result<std::vector<redis::Reply>> ask_redis(const std::shared_ptr<redis::Primary>& primary,
                                                            std::vector<redis::Command> commands);

  Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Asked> waiting_;  // guarded by mutex_, like all below but the thread
  bool stopping_ = false;
  std::thread thread_;  // last: it runs on the members above from its start on
};

}  // namespace flashbid
