// The one text form of an event: the ledger's payload, the history's answer, the SSE data and (with a type in front)
// the WebSocket frame are the same bytes. Pure functions; any thread.
//
//   {"auction_id":1,"epoch":1,"sequence":17,"event":"bid_accepted","bidder":"Alice","amount":10600,"price":10600,
//    "leader":"Alice","minimum_next":10700,"closes_at":"2026-…Z","at":"2026-…Z"}
//
// `created` carries the auction as the public may see it under "auction"; its reserve is in the record's secret.
// docs/formats.md has the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auction/event.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"

namespace flashbid {

// Appends the event's JSON to `out`.
void encode_event(AuctionId auction, Epoch epoch, const Event& event, std::string& out);

// The record's hidden part: the reserve of a `created`, the idempotency key of a command that had one, and the operator
// who created or called off. Empty if there is nothing of these.
struct Secret {
  std::optional<Amount> reserve;
  std::optional<KeyUse> key_use;
  BidderId by{};  // empty = unknown
  friend bool operator==(const Secret&, const Secret&) = default;
};
[[nodiscard]] std::string encode_secret(const Secret& secret);
[[nodiscard]] Result<Secret> decode_secret(std::string_view json);

struct DecodedEvent {
  AuctionId auction;
  Epoch epoch;
  Event event;  // a created's terms have their reserve again
};
// Reads what encode_event wrote. Failure::corrupt, saying where, for anything else.
[[nodiscard]] Result<DecodedEvent> decode_event(std::string_view json, std::string_view secret);

// A bid's answer as api.md shows it: {"verdict":"accepted","auction_id":…,…}. Also what an `answer` record holds.
void encode_answer(const BidAnswer& answer, std::string& out);
[[nodiscard]] Result<BidAnswer> decode_answer(std::string_view json);

// What the public may know of an auction's terms, as the members of a JSON object without braces:
// "title":…,"currency":…,"format":…,"opening_price":…,"increment":…,"opens_at":…,"soft_close":…,"seller":…,
// "self_outbid":…,"amount_limit":…,"description":…,"image_url":…  (closes_at moves and reserve is hidden: not here)
void encode_public_terms(const Terms& terms, std::string& out);

// An auction whole, terms and hidden parts included: the image that the ledger's auctions table holds.
void encode_image(const Auction& auction, std::string& out);
[[nodiscard]] Result<Auction> decode_image(std::string_view json);

}  // namespace flashbid
