// What this client says, as bytes: HTTP/1.1 requests and frames of the subprotocol flashbid.v1. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flashbid/client.hpp"

namespace flashbid::client {

// A whole line of an HTTP header, or nothing for nobody.
[[nodiscard]] std::string header_of(const Who& who);
// The frame that says so on a socket; empty for nobody.
[[nodiscard]] std::string auth_frame(const Who& who);

// One bid to be sent. An empty key = none.
struct BidSaid {
  std::uint64_t auction_id = 0;
  std::int64_t amount = 0;
  std::string_view key;
};

struct Head {
  std::string_view authority;   // for the Host header
  std::string_view who_header;  // header_of(…)
};

// Replaces what is in `out`.
void write_bid_request(const BidSaid& bid, const Head& head, std::string& out);
[[nodiscard]] std::string get_request(std::string_view target, const Head& head);
[[nodiscard]] std::string post_request(std::string_view target, const Head& head, std::string_view key,
                                       std::string_view body);

[[nodiscard]] std::string bid_frame(std::string_view id, const BidSaid& bid);
// From a snapshot on, or from behind a place.
[[nodiscard]] std::string subscribe_frame(std::uint64_t auction_id, std::optional<Place> place, Mode mode);
[[nodiscard]] std::string unsubscribe_frame(std::uint64_t auction_id);
[[nodiscard]] std::string time_frame(std::string_view id);

// The body of POST /v1/auctions.
[[nodiscard]] std::string auction_body(const NewAuction& wanted);

// A JSON string with its quotes. What is no UTF-8 is written as it stands: the server refuses it.
void append_text(std::string_view text, std::string& out);

// As a part of a query: all but unreserved characters by their numbers.
[[nodiscard]] std::string in_query(std::string_view text);

}  // namespace flashbid::client
