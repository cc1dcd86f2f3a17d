// An auction's terms as the members of a JSON object; used by the event and image codecs. Pure functions; any thread.
#pragma once

#include "auction/terms.hpp"
#include "ledger/json_cursor.hpp"

namespace flashbid {

// Reads what encode_public_terms wrote. closes_at and reserve are the caller's to fill in.
[[nodiscard]] Terms read_public_terms(json::Cursor& cursor);

}  // namespace flashbid
