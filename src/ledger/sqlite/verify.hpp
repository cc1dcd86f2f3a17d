// Proves an embedded ledger consistent: `flashbid verify --data DIR`. Reads only, in one snapshot, so it may run beside
// the server. A process or a thread of its own; it takes as long as reading everything and playing it again.
//
//   every row's checksum fits; every auction's events are gapless from 1 and what the rules say; each image is the
//   state after its events; the journal goes on where history ends; every remembered key names the event that has it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace flashbid {

struct Verified {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;   // in history
  std::uint64_t unmoved = 0;  // journal rows that are not in history yet
  std::uint64_t answers = 0;
};

// Failure::corrupt is the first violation, said precisely; invalid if there is no ledger in `folder`.
[[nodiscard]] Result<Verified> verify_sqlite_ledger(const std::filesystem::path& folder);

}  // namespace flashbid
