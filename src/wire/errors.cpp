#include "wire/errors.hpp"

#include <simdjson.h>

#include <algorithm>

namespace flashbid {
namespace {

constexpr std::array<ErrorEntry, error_code_count> entries{{
    {"invalid_json", 400, 0, Retry::no, "The body is not one JSON object"},
    {"invalid_utf8", 400, 1007, Retry::no, "The text is not UTF-8"},
    {"unknown_field", 400, 0, Retry::no, "There is no such field"},
    {"missing_field", 400, 0, Retry::no, "A required field is missing"},
    {"duplicate_field", 400, 0, Retry::no, "A field is given twice"},
    {"invalid_type", 400, 0, Retry::no, "A field has another JSON type"},
    {"invalid_value", 400, 0, Retry::no, "A value is not allowed"},
    {"invalid_amount", 400, 0, Retry::no, "An amount is not a whole number of minor units"},
    {"invalid_query", 400, 0, Retry::no, "A query parameter is not allowed"},
    {"bad_request", 400, 0, Retry::no, "The request is malformed"},
    {"unauthenticated", 401, 0, Retry::no, "It is not known who asks"},
    {"forbidden", 403, 4403, Retry::no, "Not allowed"},
    {"host_not_allowed", 403, 0, Retry::no, "The Host is not allowed"},
    {"origin_not_allowed", 403, 0, Retry::no, "The Origin is not allowed"},
    {"not_found", 404, 0, Retry::no, "Not found"},
    {"method_not_allowed", 405, 0, Retry::no, "Method not allowed"},
    {"request_timeout", 408, 0, Retry::later, "The request took too long to arrive"},
    {"auction_exists", 409, 0, Retry::no, "The auction is there already"},
    {"auction_not_cancellable", 409, 0, Retry::no, "The auction is over"},
    {"payload_too_large", 413, 1009, Retry::no, "The body is too large"},
    {"uri_too_long", 414, 0, Retry::no, "The target is too long"},
    {"unsupported_media_type", 415, 0, Retry::no, "The content type is not supported"},
    {"idempotency_key_reused", 422, 0, Retry::no, "The idempotency key was used with another body"},
    {"upgrade_required", 426, 0, Retry::no, "A WebSocket handshake is required"},
    {"rate_limited", 429, 4429, Retry::later, "Too many requests"},
    {"headers_too_large", 431, 0, Retry::no, "The headers are too large"},
    {"internal", 500, 0, Retry::same_key, "An error of the server"},
    {"transfer_coding_not_implemented", 501, 0, Retry::no, "The transfer coding is not implemented"},
    {"unavailable", 503, 0, Retry::later, "Not decided, try again"},
    {"outcome_unknown", 503, 0, Retry::same_key, "The outcome is unknown"},
    {"http_version_not_supported", 505, 0, Retry::no, "The HTTP version is not supported"},
    {"account_exists", 409, 0, Retry::no, "The name is taken"},
    {"load_running", 409, 0, Retry::later, "A run is going on"},
    {"auction_not_open", 409, 0, Retry::no, "The auction is not open"},
    {"not_implemented", 501, 0, Retry::no, "This server does not do that"},
}};

}  // namespace

const ErrorEntry& entry_of(ErrorCode code) { return entries[static_cast<std::size_t>(code)]; }

std::string quote_excerpt(std::string_view text) {
  constexpr std::size_t most_bytes = 64;
  constexpr auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
  std::size_t size = std::min(text.size(), most_bytes);
  // Never half a character.
  while (size > 0 && size < text.size() && continues(text[size])) --size;
  std::string quoted = "\"" + std::string(text.substr(0, size)) + "\"";
  if (!simdjson::validate_utf8(quoted)) {
    std::ranges::replace_if(quoted, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return quoted;
}

WireError to_wire(const Error& error, ErrorCode conflict) {
  switch (error.failure) {
    case Failure::invalid:
      return {ErrorCode::invalid_value, error.detail};
    case Failure::not_found:
      return {ErrorCode::not_found, error.detail};
    case Failure::conflict:
      return {conflict, error.detail};
    case Failure::key_reused:
      return {ErrorCode::idempotency_key_reused, error.detail};
    case Failure::unavailable:
      return {ErrorCode::unavailable, error.detail};
    case Failure::outcome_unknown:
      return {ErrorCode::outcome_unknown, error.detail};
    case Failure::corrupt:
    case Failure::internal:
      break;
  }
  return {ErrorCode::internal, error.detail};
}

std::string_view reason_phrase(int http_status) {
  switch (http_status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace flashbid
