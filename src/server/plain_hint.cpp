#include "server/plain_hint.hpp"

#include <algorithm>

#include "wire/http_response.hpp"

namespace flashbid {
namespace {

bool is_of_a_host(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// The value of the first Host header, if it has come whole.
std::string_view host_of(std::string_view begun) {
  constexpr std::string_view name = "\r\nhost:";
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  const auto found = std::ranges::search(begun, name, {}, lower);
  if (found.empty()) return {};
  std::string_view value = begun.substr(static_cast<std::size_t>(found.end() - begun.begin()));
  const std::size_t end = value.find("\r\n");
  if (end == std::string_view::npos) return {};
  value = value.substr(0, end);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

bool is_plain_host(std::string_view host) {
  if (host.size() > 255 + 6) return false;
  std::size_t end = 0;
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto is_of_an_address = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    };
    if (!std::ranges::all_of(host.substr(1, end - 1), is_of_an_address)) return false;
    ++end;
  } else {
    while (end < host.size() && is_of_a_host(host[end])) ++end;
    if (end == 0) return false;
  }
  std::string_view port = host.substr(end);
  if (port.empty()) return true;
  if (!port.starts_with(':')) return false;
  port.remove_prefix(1);
  return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

std::string plain_hint(std::string_view begun) {
  const std::string_view host = host_of(begun);
  std::string detail = "this port speaks TLS: use https://";
  detail += is_plain_host(host) ? host : "HOST:PORT";
  std::string answer;
  append_problem(answer, {ErrorCode::bad_request, detail},
                 {.keep_alive = false, .without_body = false, .extra_headers = {}});
  return answer;
}

}  // namespace flashbid
