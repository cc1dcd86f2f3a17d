#include "wire/http_response.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "ledger/json_text.hpp"

namespace flashbid {
namespace {

// What every answer has: "Date: Tue, 24 Nov 2026 10:00:00 GMT\r\n", made anew once a second by each thread, and that
// nobody is to guess another type than it says. One piece of text, so that it costs one copy.
std::string_view common_headers() {
  struct Cached {
    std::time_t second = -1;
    std::array<char, 96> text{};
    std::size_t size = 0;
  };
  thread_local Cached cached;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != cached.second) {
    std::tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    cached.size = std::strftime(cached.text.data(), cached.text.size(),
                                "Date: %a, %d %b %Y %H:%M:%S GMT\r\nX-Content-Type-Options: nosniff\r\n", &parts);
    cached.second = now.tv_sec;
  }
  return {cached.text.data(), cached.size};
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
}

}  // namespace

void append_request_id(std::string& out, std::string_view request_id) {
  if (request_id.empty()) return;
  out += "X-Request-Id: ";
  out += request_id;
  out += "\r\n";
}

void append_response(std::string& out, int status, std::string_view content_type, std::string_view body,
                     const ResponseOptions& options) {
  append_status_line(out, status);
  out += common_headers();
  if (!content_type.empty()) {
    out += "Content-Type: ";
    out += content_type;
    out += "\r\n";
  }
  if (!options.keep_alive) out += "Connection: close\r\n";
  out += options.extra_headers;
  out += options.standing_headers;
  append_request_id(out, options.request_id);
  if (status != 204 && status != 304) {
    const fmt::format_int length(body.size());
    out += "Content-Length: ";
    out.append(length.data(), length.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (!options.without_body) out += body;
}

void append_problem(std::string& out, const WireError& error, const ResponseOptions& options) {
  std::string body;
  encode_problem(error, options.request_id, body);
  ResponseOptions with_retry = options;
  std::string headers(options.extra_headers);
  const int status = entry_of(error.code).http_status;
  if (status == 503 || status == 429) headers += fmt::format("Retry-After: {}\r\n", error.retry_after_s);
  if (status == 401) headers += "WWW-Authenticate: Bearer realm=\"flashbid\"\r\n";
  with_retry.extra_headers = headers;
  append_response(out, status, problem_type, body, with_retry);
}

void append_stream_head(std::string& out, std::string_view content_type, const ResponseOptions& options) {
  append_status_line(out, 200);
  out += common_headers();
  out += "Content-Type: ";
  out += content_type;
  out += "\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n";
  out += options.standing_headers;
  append_request_id(out, options.request_id);
  out += "\r\n";
}

void append_download_head(std::string& out, std::string_view content_type, std::string_view name, bool is_chunked,
                          const ResponseOptions& options) {
  append_status_line(out, 200);
  out += common_headers();
  out += "Content-Type: ";
  out += content_type;
  out += "\r\nContent-Disposition: attachment; filename=\"";
  out += name;
  out += "\"\r\nCache-Control: no-store\r\nConnection: close\r\n";
  if (is_chunked) out += "Transfer-Encoding: chunked\r\n";
  out += options.standing_headers;
  append_request_id(out, options.request_id);
  out += "\r\n";
}

void encode_problem(const WireError& error, std::string_view request_id, std::string& out) {
  const ErrorEntry& entry = entry_of(error.code);
  out += "{\"type\":\"/docs/errors#";
  out += entry.name;
  out += "\",\"title\":";
  json::append_text(entry.title, out);
  out += ",\"status\":";
  json::append_number(std::int64_t{entry.http_status}, out);
  out += ",\"code\":\"";
  out += entry.name;
  out += "\",\"detail\":";
  json::append_text(error.detail, out);
  if (!request_id.empty()) {
    out += ",\"request_id\":";
    json::append_text(request_id, out);
  }
  out += '}';
}

}  // namespace flashbid
