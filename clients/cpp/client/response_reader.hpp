// Reads one HTTP/1.1 response off the front of a buffer: status, Content-Length or chunked body. Pure; for a client
// that has one request in flight. It trusts nobody: anything else is malformed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flashbid::client {

struct Response {
  int status = 0;
  bool keep_alive = true;
  std::string_view head;  // into the buffer: the lines before the body
  std::string_view body;  // into the buffer, or into `unchunked`
  std::string unchunked;  // the body, if it came in chunks
  std::size_t size = 0;   // of the whole response in the buffer
};

enum class ReadResult : unsigned char { complete, need_more, malformed };

// `response` is meaningful if complete. Informational (1xx) responses but 101 are skipped.
[[nodiscard]] ReadResult read_response(std::string_view buffer, Response& response);

// The value of a header in a response's head, without surrounding blanks; empty if it is not there.
[[nodiscard]] std::string_view header_value(std::string_view head, std::string_view lower_case_name);

}  // namespace flashbid::client
