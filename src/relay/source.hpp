// Port: one shard's events in their order, read at least once. Belongs to the relay's thread.
//
// A position is the source's own text: whatever it needs to go on behind it. Events of one auction come in sequence,
// and again from an earlier one after a failure, never with a gap.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

struct SourceBatch {
  std::vector<Record> records;  // events, at most as many as were asked for
  std::string position;         // behind the last one
  Epoch epoch;                  // of the ledger when they were read
  std::uint64_t behind = 0;     // events that are known to wait behind these
  // From a queue, into which others may write, too: what does not fit is refused one by one, and no alarm. `epoch` says
  // nothing then: events of a ledger's last moments before a failover may lie in the queue long after it, and those
  // that the failover has lost give way to the ones of a later epoch.
  bool queued = false;
  std::string ledger;              // its kind, of a queued batch
  std::uint64_t shards = 0;        // that ledger's
  std::uint64_t dead_letters = 0;  // messages that were set aside unread, since the last batch
};

// An event of a queued batch that the sink could not store.
struct Refusal {
  std::size_t record = 0;  // its index in the batch
  bool early = false;      // an event that comes before it is missing; it may still come
  std::string why;         // one sentence
};

// What a source has that nobody is known to have stored.
struct Waiting {
  std::uint64_t events = 0;
  std::optional<Timestamp> oldest;  // none = not known
};

class Source {
 public:
  virtual ~Source() = default;
  // Goes on behind `position`, as the sink remembers it; empty = from the beginning, or where the source itself knows.
  [[nodiscard]] virtual Result<void> begin(std::string_view position) = 0;
  // The next events, none if there are none now. It does not wait for any.
  //   Failure::unavailable  ask again     Failure::corrupt  stop
  [[nodiscard]] virtual Result<SourceBatch> read(std::size_t max) = 0;
  // The events behind those of the last read(), while these are on their way into the sink, and only once: none if
  // there are none, or if this source cannot tell. They are stored next. What goes wrong here read() tells in its turn.
  [[nodiscard]] virtual Result<std::optional<SourceBatch>> read_ahead(std::size_t /*max*/) { return std::nullopt; }
  // Everything up to `position` is stored for good: the source need not keep it for this reader.
  [[nodiscard]] virtual Result<void> stored(std::string_view position) = 0;
  // Of the last batch read, a queued one, before stored(): those that were not. Early ones come again with the next
  // batches, for a while; the others, and early ones in the end, go to the dead letters with the reason, once and for
  // all. How many went there now.
  [[nodiscard]] virtual Result<std::uint64_t> refused(std::span<const Refusal> refusals) {
    return std::uint64_t{refusals.size()};
  }
  // What waits behind the last event read; before begin(): behind what the source itself knows as stored, or all of it.
  [[nodiscard]] virtual Result<Waiting> waiting() = 0;
  // Lets go of at most about `events` that no reader needs any more; true = there is more to let go of.
  [[nodiscard]] virtual Result<bool> tidy(std::size_t events) = 0;
};

// Opens shard `shard`'s source.
using OpenSource = std::function<Result<std::unique_ptr<Source>>(std::uint64_t shard)>;

}  // namespace flashbid
