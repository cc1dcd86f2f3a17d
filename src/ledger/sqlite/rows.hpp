// The rows of the ledger's tables as values, with their checksums. Each is read with its checksum verified; a row whose
// checksum does not fit is Failure::corrupt and never used. Pure but for the statement read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "auction/auction.hpp"
#include "ledger/history_step.hpp"
#include "ledger/ledger.hpp"
#include "ledger/record.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

struct MetaRow {
  Epoch epoch;                     // 0 = never started
  std::int64_t moved_through = 0;  // the last journal row that has moved
  Timestamp last_at;               // of all that has moved
  AuctionId last_auction;          // of all that has moved
  bool unsafe = false;             // whether the last start was with Durability::memory
};

struct JournalRow {
  std::int64_t id = 0;
  Record record;
};

// The number of an event's kind in the events table: 1 created, 2 opened, 3 bid_accepted, 4 extended, 5 closed, 6
// cancelled.
[[nodiscard]] std::int64_t event_number(const EventBody& body);
inline constexpr std::int64_t bid_accepted_number = 3;

[[nodiscard]] std::uint32_t checksum_of(const MetaRow& row);
[[nodiscard]] std::uint32_t checksum_of(std::int64_t id, const Record& record);           // journal
[[nodiscard]] std::uint32_t checksum_of(const Record& record, std::int64_t event);        // events
[[nodiscard]] std::uint32_t checksum_of(const Auction& auction, std::string_view image);  // auctions
[[nodiscard]] std::uint32_t checksum_of(const RememberedKey& key);                        // answers

// Steps `select`, which is select_meta: Failure::corrupt only if the row is not there, or is damaged.
inline constexpr const char* select_meta = "SELECT * FROM meta WHERE id = 1";
[[nodiscard]] Result<MetaRow> read_meta(const Database& db, Statement& select);
// The same by a statement of its own.
[[nodiscard]] Result<MetaRow> read_meta(Database& db);

// Each reads the statement's current row; the columns are those of the table, in its order.
inline constexpr const char* journal_columns = "id, auction, sequence, kind, at, payload, secret, crc";
inline constexpr const char* event_columns = "auction, sequence, event, at, payload, secret, crc";
inline constexpr const char* auction_columns = "id, state, sequence, image, crc";
[[nodiscard]] Result<JournalRow> read_journal(const Statement& row);
[[nodiscard]] Result<Record> read_event(const Statement& row);
[[nodiscard]] Result<Auction> read_auction(const Statement& row);
[[nodiscard]] Result<RememberedKey> read_answer(const Statement& row);

}  // namespace flashbid::sqlite
