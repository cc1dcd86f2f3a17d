// Which epoch each shard is in, and whether a primary may decide: asked on every new connection, and of every shard
// that comes to a primary later, before anything of it is sent there. Lives on the Redis thread. A Redis that is
// archived says so in each shard's meta hash: then it is not served without the archive, where what has left Redis is,
// and what a new epoch may lack.
//
// A primary is admitted when it is fit for the configured durability, has our library of functions, and is the one that
// each of its shards names as its incarnation. Another one (a restart, a failover, a restored copy) may lack what was
// acknowledged: the node that comes first moves the shard to a new epoch, by compare and set; the others adopt it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "engine/redis/durability.hpp"
#include "engine/redis/refill.hpp"
#include "redis/client.hpp"

namespace flashbid {

class Admission {
 public:
  using Done = std::move_only_function<void(Result<void>)>;

  struct Options {
    unsigned shards = redis::default_shards;
    RedisDurability durability;
    bool unchecked = false;       // the operator vouches for the settings: the service forbids CONFIG
    Refill* refill = nullptr;     // puts back what a shard lacks before its new epoch begins; null = from nowhere
    bool always_refills = false;  // also a shard whose primary is the same as before
    std::function<void(unsigned shard, Epoch)> on_epoch;     // a shard's epoch has changed
    std::function<void(const std::string& line)> on_notice;  // for the log
  };

  explicit Admission(Options options);

  // Asks everything of a new primary, one step after another.
  void admit(std::shared_ptr<redis::Primary> primary, Done done);

  // 0 before the shard was admitted for the first time.
  [[nodiscard]] Epoch epoch(unsigned shard) const { return shards_[shard].epoch; }
  // A reply told that the shard is at `epoch` on the primary `incarnation`: true if that is the one that we admitted,
  // and the epoch is adopted; false = the connection has to be admitted anew.
  [[nodiscard]] bool adopt(unsigned shard, Epoch epoch, std::string_view incarnation);

 private:
  struct Shard {
    Epoch epoch{0};
    std::string run_id;  // of the primary admitted for it
  };
  struct Asking;  // one primary being asked
  // A shard as its meta hash shows it.
  struct Begin {
    unsigned shard = 0;
    Epoch stored;             // 0 = it has no data
    Epoch used;               // the highest known, there or here
    std::string incarnation;  // empty = none
    bool archived = false;
    bool admitted = false;  // the primary is the one already
  };

  void check_settings(const std::shared_ptr<Asking>& asking);
  void load_library(const std::shared_ptr<Asking>& asking);
  void find_library(const std::shared_ptr<Asking>& asking);
  void next_shard(const std::shared_ptr<Asking>& asking);
  void read_shard(const std::shared_ptr<Asking>& asking, unsigned shard);
  void begin_epoch(const std::shared_ptr<Asking>& asking, Begin begin);
  void refill(const std::shared_ptr<Asking>& asking, Begin begin);
  void refuse_if_new(const std::shared_ptr<Asking>& asking, unsigned shard, Error why);
  void write_epoch(const std::shared_ptr<Asking>& asking, const Begin& begin, Epoch epoch);
  void go_on(const std::shared_ptr<Asking>& asking, unsigned shard, Epoch epoch, bool is_marked);
  void admitted(unsigned shard, Epoch epoch, const std::string& run_id);

  Options options_;
  std::vector<Shard> shards_;
};

// What is wrong with a Redis server's settings for that durability: one sentence with what would be right; empty = fit.
// `settings`: CONFIG GET's answer, names and values in turn.
[[nodiscard]] std::string unfit_settings(const redis::Reply& settings, const RedisDurability& durability);
// The same for its version.
[[nodiscard]] std::string unfit_version(std::string_view version);

}  // namespace flashbid
