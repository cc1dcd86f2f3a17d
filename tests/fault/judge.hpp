// Whether what survived keeps what was promised: the ledger starts, holds all that anybody was told, answers the same
// again, is consistent, and takes one more bid.
#pragma once

#include <string>
#include <vector>

#include "fault/disk_image.hpp"
#include "fault/recorded_disk.hpp"
#include "fault/told.hpp"

namespace flashbid::fault {

struct Judged {
  std::string violation;            // empty = every promise is kept
  std::vector<RecordedCall> calls;  // of the recovery and the bid
  Told told;                        // with what was told meanwhile
  std::int64_t now_ms = 0;
};
// `told`: at the moment of the cut, when the machine's clock showed `now_ms`.
[[nodiscard]] Judged judge(const Files& files, Told told, std::int64_t now_ms);

// The same of files that may be damaged: who says so first.
enum class SeenBy : std::uint8_t {
  nobody,        // and every promise is kept
  start,         // it does not start
  reader,        // whoever asks is told of a failure, or the mover stops
  verify,        // `flashbid verify` alone: nobody has asked for what is damaged
  wrong_answer,  // nobody, and somebody is told something wrong
};
struct Look {
  SeenBy seen_by = SeenBy::nobody;
  std::string what;
};
[[nodiscard]] Look look_at(const Files& files, Told told, std::int64_t now_ms);

class House;
// The same of a house that has started in `folder`, and goes on running.
void check_promises(House& house, Told& told, const std::filesystem::path& folder);

// Every cut of these calls, begun on a disk that holds `image`. Stops at the first violation and says which cut it was.
struct Cuts {
  std::string violation;
  std::size_t tried = 0;  // those that leave the same as an earlier one are not
};
struct CutOptions {
  std::uint64_t seed = 1;
  int variants = 1;            // of each cut that is left to chance
  std::int64_t percent = 100;  // of the cuts that are tried
  // Of these, after which the power fails again, anywhere in the recovery: a share, and the share of its cuts.
  std::int64_t again_percent = 0;
  std::int64_t percent_again = 0;
};
[[nodiscard]] Cuts cut_everywhere(const std::vector<RecordedCall>& calls, DiskImage image, const Told& told,
                                  const CutOptions& options);

}  // namespace flashbid::fault
