// Proves an embedded ledger consistent: `flashbid verify --data DIR`. Reads only, in one snapshot, so it may run beside
// the server. A process or a thread of its own; it takes as long as reading everything and playing it again, and a
// bounded amount of memory (SQLite sorts in files of its own).
//
//   every row's checksum fits, and SQLite finds its file whole; the journal goes on where history ends
//   each auction's events are gapless from 1 and what the rules say, its image is the state after them
//   each remembered rejection is what the rules say about its bid, on the state that it rests on, which was the newest
//   each remembered effect is that of the event that has its key; every such event's key is remembered, until the
//   auction's end and as long as `endings` has that; one key has one effect (INV-8)
//   the order of history names every event once; what the meta row sums up is what is there
//
// It cannot know what nothing else tells of: that an operator's name, a moment within its bounds, or terms that are
// possible are another than those that were written. Those, the checksums guard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace flashbid {

struct Verified {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;   // in history
  std::uint64_t unmoved = 0;  // journal rows that are not in history yet
  std::uint64_t answers = 0;
};

// Told now and then: how many of history's events have been proved, of how many.
using VerifyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Failure::corrupt is the first violation, said precisely; invalid if there is no ledger in `folder`.
[[nodiscard]] Result<Verified> verify_sqlite_ledger(const std::filesystem::path& folder,
                                                    const VerifyProgress& on_progress = {});

}  // namespace flashbid
