// The one table of error codes: what the wire says when a request cannot be answered. Values only.
// script/reference makes the table of docs/errors.md of it, comments beside names included. Names are never reused.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid {

enum class ErrorCode : std::uint8_t {
  invalid_json,                     // the body is not one JSON object
  invalid_utf8,                     // it is not UTF-8
  unknown_field,                    // a field that this request does not have
  missing_field,                    // a field that it must have
  duplicate_field,                  // a field given twice
  invalid_type,                     // a value of another JSON type
  invalid_value,                    // a value out of its range, too long, or not of its form
  invalid_amount,                   // money that is not a whole number of minor units, 0 … 2^53-1
  invalid_query,                    // a query parameter that is unknown, repeated, or not of its form
  bad_request,                      // not a well-formed HTTP request
  unauthenticated,                  // it does not say who asks
  forbidden,                        // who asks may not do this
  host_not_allowed,                 // with `--dev`: the `Host` is not this machine
  origin_not_allowed,               // with `--dev`: a page of another origin
  not_found,                        // no such auction or route
  method_not_allowed,               // the route has other methods: see `Allow`
  request_timeout,                  // the request did not arrive in time
  auction_exists,                   // the `id` is taken
  auction_not_cancellable,          // it is closed or cancelled already
  payload_too_large,                // the body or frame is too long
  uri_too_long,                     // the request's target is too long
  unsupported_media_type,           // the body is not `application/json`
  idempotency_key_reused,           // the key was used with another body
  upgrade_required,                 // `/v1/stream` without a WebSocket handshake
  rate_limited,                     // too many requests
  headers_too_large,                // the headers are too long or too many
  internal,                         // a fault of the server
  transfer_coding_not_implemented,  // a transfer coding other than `chunked`
  unavailable,                      // surely not decided: no space, starting or stopping
  outcome_unknown,                  // it may have been decided: the sync failed
  http_version_not_supported,       // not HTTP/1.0 or HTTP/1.1
  account_exists,                   // an account has this name, in whatever case
  load_running,                     // with `--dev`: the bots of one run are still at work
  auction_not_open,                 // with `--dev`: bots are to bid on an auction that is not open
  not_implemented,                  // this server does not do that, as it was started
};
inline constexpr std::size_t error_code_count = static_cast<std::size_t>(ErrorCode::not_implemented) + 1;

// Whether asking again can help.
enum class Retry : std::uint8_t {
  no,        // the same request gets the same answer
  later,     // as it is, after a pause
  same_key,  // with the same Idempotency-Key, which tells what became of the first attempt
};

struct ErrorEntry {
  std::string_view name;
  int http_status;
  std::uint16_t close_code;  // of the WebSocket, where the error ends the connection; 0 = an error frame
  Retry retry;
  std::string_view title;
};

[[nodiscard]] const ErrorEntry& entry_of(ErrorCode code);

// An error on its way to the client.
struct WireError {
  ErrorCode code = ErrorCode::internal;
  std::string detail;
  std::int64_t retry_after_s = 1;  // told where the status is 429 or 503
};

// What a client wrote, quoted for a detail: at most 64 bytes, and valid UTF-8 whatever it was.
[[nodiscard]] std::string quote_excerpt(std::string_view text);

// The wire's name for an engine's failure. `conflict` is the code that a conflict means for the request in hand.
[[nodiscard]] WireError to_wire(const Error& error, ErrorCode conflict = ErrorCode::auction_exists);

// The reason phrase of an HTTP status that FlashBid sends.
[[nodiscard]] std::string_view reason_phrase(int http_status);

}  // namespace flashbid
