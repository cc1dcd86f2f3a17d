// Ports: where a relay stores, and who may. Both belong to the relay's thread; a store() that stands apart may run on
// another one, and the relay's waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "relay/source.hpp"

namespace flashbid {

// A shard that a worker holds: nobody with a lower token may store any more.
struct ShardLease {
  std::uint64_t shard = 0;
  std::uint64_t token = 0;
  std::string position;  // where the source goes on; empty = nothing has been stored
};

class Leases {
 public:
  virtual ~Leases() = default;
  // Tells that `owner` lives, for `alive`; how many workers do.
  [[nodiscard]] virtual Result<std::uint64_t> beat(std::string_view owner, Duration alive) = 0;
  // None if another worker holds the shard.
  [[nodiscard]] virtual Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                                  Duration length) = 0;
  // Failure::conflict if another has taken it over.
  [[nodiscard]] virtual Result<void> renew(const ShardLease& lease, Duration length) = 0;
  [[nodiscard]] virtual Result<void> release(const ShardLease& lease) = 0;
};

// What became of a batch.
struct Stored {
  std::vector<Refusal> refused;    // of a queued batch; everything else is stored
  std::uint64_t dead_letters = 0;  // events that the sink has set aside for good
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Reaches the place, and makes sure that it can be used. Failure::invalid if it cannot; anything else may pass.
  [[nodiscard]] virtual Result<void> prepare() { return {}; }
  // Stores a batch for good, all or nothing but for what it refuses; storing it again changes nothing.
  //   Failure::conflict     the lease is another's now: drop the batch, acquire again
  //   Failure::corrupt      what is there contradicts it: stop with an alarm
  //   any other             store the same again
  [[nodiscard]] virtual Result<Stored> store(const ShardLease& lease, const SourceBatch& batch) = 0;
  // store() touches nothing that any source has: it may run while the source reads on.
  [[nodiscard]] virtual bool stands_apart() const { return false; }
  // Who may store there, where the place itself says so.
  [[nodiscard]] virtual Leases* leases() { return nullptr; }
  // Forgets some of what need not be known any longer; true = there is more.
  [[nodiscard]] virtual Result<bool> tidy() { return false; }
};

}  // namespace flashbid
