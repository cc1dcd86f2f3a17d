// The one text of an event outside FlashBid, the same on every transport: a CloudEvents 1.0 object, or an array of them
// (docs/formats.md, docs/api/asyncapi.yaml). Pure functions; any thread.
//
//   {"specversion":"1.0","id":"1-1-17","source":"/flashbid/redis/16/3","type":"flashbid.bid_accepted.v1","subject":"1",
//    "time":"2026-…Z","data":{…the event's text…}}
//
// The id names the event for good: auction, epoch, sequence. The source is the ledger's kind, how many shards it has,
// and which one this is. What the public may not see (a reserve, idempotency keys) is not in it, but beside it, where
// the transport has a place for that.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// Which ledger events are of, and which part.
struct Origin {
  std::string ledger;  // its kind
  std::uint64_t shards = 1;
  std::uint64_t shard = 0;
  friend bool operator==(const Origin&, const Origin&) = default;
};

inline constexpr std::string_view envelope_type = "application/cloudevents+json";
inline constexpr std::string_view envelopes_type = "application/cloudevents-batch+json";
inline constexpr std::string_view secrets_header = "flashbid-secrets";

inline constexpr std::string_view reason_header = "flashbid-reason";  // of a dead letter: why

// The event's name for good: AUCTION-EPOCH-SEQUENCE. Of a record whose payload is an event's text, as the ledger wrote
// it.
[[nodiscard]] std::string event_id(const Record& record);

// One object.
void encode_envelope(const Origin& origin, const Record& record, std::string& out);
// An array of them.
[[nodiscard]] std::string encode_envelopes(const Origin& origin, std::span<const Record> records);
// The value of `secrets_header`: an array of strings, the hidden part of each event, empty for those that have none.
[[nodiscard]] std::string encode_secrets(std::span<const Record> records);

struct Envelopes {
  Origin origin;
  std::vector<Record> records;  // at least one; payloads byte for byte as in the ledger
};
// Reads an object or an array of them, which must be of one origin. `secrets` as encode_secrets() wrote them; nullopt =
// the transport has none, and secrets stay empty. Failure::invalid, with one sentence why, for anything else.
[[nodiscard]] Result<Envelopes> open_envelopes(std::string_view body, std::optional<std::string_view> secrets);
// The same of a queue's message for an archive, which is not whole without them.
[[nodiscard]] Result<Envelopes> open_archivable(std::string_view body, std::optional<std::string_view> secrets);

}  // namespace flashbid
