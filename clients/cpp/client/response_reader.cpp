#include "client/response_reader.hpp"

#include <algorithm>
#include <charconv>

namespace flashbid::client {
namespace {

constexpr std::size_t max_head = 64 * 1024;
constexpr std::size_t max_body = 256 * 1024 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

template <class T>
bool read_number(std::string_view text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

ReadResult read_chunks(std::string_view rest, std::size_t head_size, Response& response) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t line_end = rest.find("\r\n", at);
    if (line_end == std::string_view::npos)
      return rest.size() - at > 100 ? ReadResult::malformed : ReadResult::need_more;
    std::size_t size = 0;
    if (!read_number(rest.substr(at, line_end - at), size, 16) || size > max_body) return ReadResult::malformed;
    at = line_end + 2;
    if (rest.size() < at + size + 2) return ReadResult::need_more;
    if (rest.substr(at + size, 2) != "\r\n") return ReadResult::malformed;
    response.unchunked += rest.substr(at, size);
    at += size + 2;
    if (size > 0) continue;
    response.body = response.unchunked;
    response.size = head_size + at;
    return ReadResult::complete;
  }
}

}  // namespace

std::string_view header_value(std::string_view head, std::string_view lower_case_name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), lower_case_name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return {};
}

ReadResult read_response(std::string_view buffer, Response& response) {
  response = {};
  const std::size_t head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string_view::npos)
    return buffer.size() > max_head ? ReadResult::malformed : ReadResult::need_more;
  const std::string_view head = buffer.substr(0, head_end + 2);
  const std::size_t head_size = head_end + 4;
  if (!head.starts_with("HTTP/1.") || head.size() < 14 || head[8] != ' ' ||
      !read_number(head.substr(9, 3), response.status) || response.status < 100) {
    return ReadResult::malformed;
  }
  if (response.status < 200 && response.status != 101) {
    const ReadResult after = read_response(buffer.substr(head_size), response);
    response.size += head_size;
    return after;
  }
  response.head = head;
  const std::string_view connection = header_value(head, "connection");
  response.keep_alive =
      head[7] == '1' ? !equal_ignoring_case(connection, "close") : equal_ignoring_case(connection, "keep-alive");
  response.size = head_size;
  if (response.status == 101 || response.status == 204 || response.status == 304) return ReadResult::complete;
  const std::string_view rest = buffer.substr(head_size);
  if (equal_ignoring_case(header_value(head, "transfer-encoding"), "chunked")) {
    return read_chunks(rest, head_size, response);
  }
  std::size_t length = 0;
  if (!read_number(header_value(head, "content-length"), length) || length > max_body) return ReadResult::malformed;
  if (rest.size() < length) return ReadResult::need_more;
  response.body = rest.substr(0, length);
  response.size = head_size + length;
  return ReadResult::complete;
}

}  // namespace flashbid::client
