// The ledger's file: what makes it ours, its tables, and the settings of the connection that writes. Start-up only.
//
//   meta      one row: epoch, the journal row up to which all has moved, the last moment and auction of what has moved
//   journal   what was appended and not yet moved, by rowid without a gap; no index, so that a commit only appends
//   events    history: every moved event by (auction, sequence)
//   moved     the order of history: journal row -> (auction, sequence), for whoever reads all events in order
//   auctions  each auction at its last moved event, as an image; by id, and by (state, id)
//   answers   remembered idempotency keys by (operation, scope, caller, key); a rejection's expires by itself
//   endings   auctions that have ended and still have keys, by the moment of their end
//
// The last column of each table, crc, is the CRC32C of all columns before it (ledger/checksum.hpp; an `expires` of
// NULL counts as 0). `endings` and `moved` follow from events and have none.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "ledger/sqlite/database.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"

namespace flashbid::sqlite {

inline constexpr std::int64_t application_id = 0x464C4249;  // "FLBI"
inline constexpr std::int64_t schema_version = 2;
inline constexpr int page_bytes = 4096;

// Opens the file for writing, checks that it is ours, makes the tables if it is new, and applies the settings.
[[nodiscard]] Result<Database> open_for_writing(const SqliteLedgerOptions& options);
// A connection that only reads. The file must be open for writing already, or at rest.
[[nodiscard]] Result<Database> open_for_reading(const SqliteLedgerOptions& options);

}  // namespace flashbid::sqlite
