// HTTP/1.1 responses into bytes. Appends to a connection's output; owns nothing; any thread.
#pragma once

#include <string>
#include <string_view>

#include "wire/errors.hpp"

namespace flashbid {

struct ResponseOptions {
  bool keep_alive = true;
  bool without_body = false;               // to a HEAD: the length, not the bytes
  std::string_view extra_headers = {};     // whole lines, each with its CRLF
  std::string_view standing_headers = {};  // the same, of every answer on this connection
  std::string_view request_id = {};        // empty = there is no request to name
};

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view problem_type = "application/problem+json";

// A complete response. `content_type` may be empty if there is no body.
void append_response(std::string& out, int status, std::string_view content_type, std::string_view body,
                     const ResponseOptions& options);

// "X-Request-Id: …", a whole line; nothing if there is none.
void append_request_id(std::string& out, std::string_view request_id);

// An error as RFC 9457 shows it, with Retry-After for 429 and 503.
void append_problem(std::string& out, const WireError& error, const ResponseOptions& options);

// The head of a response whose body goes on until the connection ends (SSE). Of `options`, the standing headers and the
// name of the request count.
void append_stream_head(std::string& out, std::string_view content_type, const ResponseOptions& options = {});

// The head of a file to be kept under `name` (no quote in it), whose body follows in chunks or goes on until the
// connection ends.
void append_download_head(std::string& out, std::string_view content_type, std::string_view name, bool is_chunked,
                          const ResponseOptions& options = {});

// {"type","title","status","code","detail"}, and "request_id" if there is one.
void encode_problem(const WireError& error, std::string_view request_id, std::string& out);

}  // namespace flashbid
