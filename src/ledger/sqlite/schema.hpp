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
#include <filesystem>

#include "base/result.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

inline constexpr std::int64_t application_id = 0x464C4249;  // "FLBI"
inline constexpr std::int64_t schema_version = 2;
inline constexpr int page_bytes = 4096;

// The version of the schema of `file`, of which `db` reads; 0 = new, without tables. Failure::corrupt if it is another
// program's, invalid if a newer FlashBid made it.
[[nodiscard]] Result<std::int64_t> check_ours(Database& db, const std::filesystem::path& file);
// Opens the file for writing, checks that it is ours, makes the tables if it is new, and applies the settings.
[[nodiscard]] Result<Database> open_for_writing(const SqliteLedgerOptions& options);
// A connection that only reads. The file must be open for writing already, or at rest.
[[nodiscard]] Result<Database> open_for_reading(const SqliteLedgerOptions& options);
// Failure::corrupt if the log in `folder`, of which `db` reads, is damaged: then it does not see all that was
// committed. (For a ledger without syncs that is no damage.)
[[nodiscard]] Result<void> check_whole(Database& db, const std::filesystem::path& folder);

}  // namespace flashbid::sqlite
