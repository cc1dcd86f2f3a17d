// A backup of an embedded ledger, and the way back: one operation. A process of its own, beside the server or at rest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "ledger/sqlite/verify.hpp"
#include "sqlite/copy.hpp"

namespace flashbid {

struct LedgerCopy {
  Verified verified;
  Epoch epoch;  // of the copy
};

// How far it is: pages of the copy, then events proved.
struct CopyStages {
  sqlite::CopyProgress copying;
  VerifyProgress proving;
};

// Copies the ledger in `from`, as it is at one moment, into the new folder `to`, and the databases `beside` it that are
// there. All is made and proven consistent in `to`.partial, which then gets its name: what is at `to` is whole.
//
// The copy's epoch is above the ledger's and at least `epoch_from` (give something that grows, as the time does): what
// happened after that moment is not in it, so whoever watched must start over, and two copies are two histories.
//
// Failure::invalid if there is no ledger or no place for the copy, unavailable if there is no room, corrupt if the
// ledger is not consistent.
[[nodiscard]] Result<LedgerCopy> copy_sqlite_ledger(const std::filesystem::path& from, const std::filesystem::path& to,
                                                    const std::vector<std::string>& beside, Epoch epoch_from,
                                                    const CopyStages& progress);

}  // namespace flashbid
