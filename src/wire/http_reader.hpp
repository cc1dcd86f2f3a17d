// HTTP/1 requests out of bytes, without I/O: room() to read into, received() what came, next() what it means.
// Belongs to one connection on its loop. Strict about everything that two parsers could read differently.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/errors.hpp"

namespace flashbid {

struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t target_bytes = 8 * 1024;
  std::size_t body_bytes = 128 * 1024;
};

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
[[nodiscard]] std::string_view to_text(Method method);

// The headers that FlashBid reads; each may stand once.
enum class HttpField : std::uint8_t {
  host,
  origin,
  content_type,
  accept,
  authorization,
  x_bidder,
  idempotency_key,
  x_request_id,
  last_event_id,
  if_none_match,
  upgrade,
  connection,
  expect,
  websocket_key,
  websocket_version,
  websocket_protocol,
  transfer_encoding,
};
inline constexpr std::size_t http_field_count = static_cast<std::size_t>(HttpField::transfer_encoding) + 1;

// One request. Its views are good until the next call of the reader.
struct HttpRequest {
  Method method = Method::other;
  std::string_view path;   // target up to '?', not decoded
  std::string_view query;  // after '?', not decoded
  bool keep_alive = true;
  bool http_1_0 = false;
  std::string_view body;  // followed by bytes that may be read (json_padding)
  std::array<std::optional<std::string_view>, http_field_count> fields;
  // The values of the last lines of X-Forwarded-For, in order: each proxy adds at the end.
  static constexpr std::size_t most_forwarded_lines = 4;
  std::array<std::string_view, most_forwarded_lines> forwarded_lines;
  std::size_t forwarded_count = 0;

  [[nodiscard]] std::span<const std::string_view> forwarded_for() const {
    return std::span(forwarded_lines).first(forwarded_count);
  }
  [[nodiscard]] std::optional<std::string_view> field(HttpField name) const {
    return fields[static_cast<std::size_t>(name)];
  }
  // Whether the comma-separated list in `name` has `token`, whatever its case.
  [[nodiscard]] bool lists(HttpField name, std::string_view token) const;
};

class HttpReader {
 public:
  explicit HttpReader(HttpLimits limits = {});
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  // Where the next bytes go; at least 1 KiB. Ends the views of the last request.
  [[nodiscard]] std::span<char> room();
  void received(std::size_t bytes);

  struct NeedMore {};
  // The next request of what was received; NeedMore; or a fatal error, after which nothing more is read.
  [[nodiscard]] std::variant<NeedMore, HttpRequest, WireError> next();

  // Whether the client waits for `100 Continue` before it sends its body. True once a request.
  [[nodiscard]] bool take_expects_continue();
  // Nothing of a request has come yet: the connection is idle.
  [[nodiscard]] bool idle() const;
  // A request's header is complete and its body is on its way.
  [[nodiscard]] bool in_body() const;
  // What came after the last request: an upgraded connection's first bytes.
  [[nodiscard]] std::string_view rest() const;

 private:
  class Parser;
  void skip_blank_lines();
  [[nodiscard]] std::optional<WireError> check_unfinished_header() const;
  [[nodiscard]] std::optional<WireError> check_unfinished_chunks() const;
  [[nodiscard]] std::optional<WireError> check_finished_chunks() const;
  [[nodiscard]] std::optional<WireError> check_chunk_bytes(std::size_t request_bytes) const;
  [[nodiscard]] static WireError trailers_too_large();
  [[nodiscard]] WireError explain(int beast_error) const;
  [[nodiscard]] HttpRequest assemble();

  HttpLimits limits_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;           // of the request being read
  std::size_t parsed_ = 0;          // what the parser has taken
  std::size_t end_ = 0;             // of what was received
  std::unique_ptr<Parser> parser_;  // null between requests
  std::string chunked_body_;        // of the last request, if it came in chunks
  bool failed_ = false;
};

}  // namespace flashbid
