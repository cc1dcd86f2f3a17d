// Proves an archive consistent: `flashbid verify --archive`. Reads only; as long as reading everything takes.
#pragma once

#include <cstdint>

#include "archive/archive_reader.hpp"

namespace flashbid {

struct VerifiedArchive {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;
};

// Every auction's events are gapless from 1 and what the rules say, and its image is the state after them.
// Failure::corrupt is the first violation. While a relay stores, an image may be ahead of what was read: the auction is
// then read again.
[[nodiscard]] Result<VerifiedArchive> verify_archive(ArchiveReader& archive);

}  // namespace flashbid
