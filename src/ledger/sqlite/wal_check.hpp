// Whether a write-ahead log is damaged, or was only cut short by a power cut. SQLite takes both for the log's end and
// forgets what follows, acknowledged bids too; here the first is told. Start-up only.
//
// A transaction is written only once the one before it is synced. So behind a frame that does not fit, a power cut can
// leave frames of that frame's own transaction, but never a whole commit of a later one: where there is one, what does
// not fit was on the disk and has changed since. (What a power cut left of one transaction must be gone before the next
// one is cut off: rewrite_wal() cuts the log back to its last whole commit.) The log's header is synced before any
// frame. What cannot be told: damage in the last transaction of all, which looks like one that was never synced.
//
// Without syncs (Durability::memory) a power cut leaves holes anywhere: then the log ends at the first, and the epoch
// says that history may have been lost.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace flashbid::sqlite {

// Reads `size` bytes at `offset` into `bytes`; false if they cannot be read.
using ReadLog = std::function<bool(char* bytes, int size, std::int64_t offset)>;

struct CheckedLog {
  std::int64_t size = 0;  // up to the last whole commit: behind it is nothing that counts
  std::string header;     // as it must be, if it is not: a full disk can leave half of the next one; else empty
};

// Failure::corrupt if a log of `size` bytes is damaged, and not one that `may_have_holes`; internal if it cannot be
// read.
[[nodiscard]] Result<CheckedLog> check_wal(std::int64_t size, const ReadLog& read, bool may_have_holes);

}  // namespace flashbid::sqlite
