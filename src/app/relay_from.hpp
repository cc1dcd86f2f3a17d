// What --from names: where a worker reads, and who grants it shards if nobody else does. Called by the main thread;
// what is opened belongs to the relay's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/relay_flags.hpp"
#include "base/result.hpp"
#include "relay/sink.hpp"
#include "relay/source.hpp"

namespace flashbid {

struct RelayFrom {
  std::string kind;  // of ledger; empty = told by the events, which come from a queue
  std::uint64_t shards = 1;
  OpenSource open;
  // Leases beside what is read; null where only an archive grants them.
  std::function<std::unique_ptr<Leases>()> leases;
};

class FromUrl {
 public:
  // Failure::invalid with one sentence.
  [[nodiscard]] static Result<FromUrl> parse(const RelayFlags& flags);

  [[nodiscard]] bool is_queue() const { return is_queue_; }
  // `group`: of readers that share the shards. `archives`: the events reach an archive, and need not stay where they
  // are. Failure::unavailable: ask again.
  [[nodiscard]] Result<RelayFrom> find(const std::string& group, bool archives) const { return find_(group, archives); }

 private:
  bool is_queue_ = false;
  std::function<Result<RelayFrom>(const std::string& group, bool archives)> find_;
};

}  // namespace flashbid
