// The one table of error codes: what the wire says when a request cannot be answered. Values only.
// docs/errors.md tells people the same; a test compares the two. Names are never reused.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid {

enum class ErrorCode : std::uint8_t {
  invalid_json,
  invalid_utf8,
  unknown_field,
  missing_field,
  duplicate_field,
  invalid_type,
  invalid_value,
  invalid_amount,
  invalid_query,
  bad_request,
  unauthenticated,
  forbidden,
  host_not_allowed,
  origin_not_allowed,
  not_found,
  method_not_allowed,
  request_timeout,
  auction_exists,
  auction_not_cancellable,
  payload_too_large,
  uri_too_long,
  unsupported_media_type,
  idempotency_key_reused,
  upgrade_required,
  rate_limited,
  headers_too_large,
  internal,
  transfer_coding_not_implemented,
  unavailable,
  outcome_unknown,
  http_version_not_supported,
  account_exists,
  load_running,
  auction_not_open,
  not_implemented,
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
