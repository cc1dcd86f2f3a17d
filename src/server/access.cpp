#include "server/access.hpp"

#include <algorithm>
#include <charconv>

namespace flashbid {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= most;
}

// 127.x.x.x, each part 0 … 255.
bool is_loopback_ipv4(std::string_view name) {
  int parts = 0;
  if (!name.starts_with("127.")) return false;
  while (true) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (!is_number(name.substr(0, dot), 255)) return false;
    ++parts;
    if (dot == name.size()) return parts == 4;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  std::string_view name = host;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(0, end + 1);
  } else {
    name = host.substr(0, std::min(host.find(':'), host.size()));
  }
  const std::string_view port = host.substr(name.size());
  if (!port.empty() && !(port.starts_with(':') && is_number(port.substr(1), 65'535))) return false;
  return equal_ignoring_case(name, "localhost") || name == "[::1]" || is_loopback_ipv4(name);
}

std::optional<WireError> Access::check(const HttpRequest& request) {
  if (!dev_) return std::nullopt;
  const std::string_view host = request.field(HttpField::host).value_or("");
  if (host != good_host_ || host.empty()) {
    constexpr std::string_view never_in_a_host = " \t/\\@,<>\"";
    if (host.find_first_of(never_in_a_host) != std::string_view::npos) {
      return WireError{ErrorCode::bad_request, "the Host header is no host and port"};
    }
    // HTTP/1.0 has no Host: only a program on this machine can have sent it, as no browser does.
    if (!(request.http_1_0 && !request.field(HttpField::host)) && !is_loopback_host(host)) {
      return WireError{ErrorCode::host_not_allowed,
                       "with --dev the Host must be this machine: localhost, 127.0.0.1 or [::1]"};
    }
    good_host_ = host;
  }
  if (const auto origin = request.field(HttpField::origin)) {
    constexpr std::string_view scheme = "http://";
    if (!origin->starts_with(scheme) || !equal_ignoring_case(origin->substr(scheme.size()), host)) {
      return WireError{ErrorCode::origin_not_allowed, "with --dev only pages of this server itself may ask"};
    }
  }
  return std::nullopt;
}

std::expected<BidderId, WireError> Access::caller(const HttpRequest& request) const {
  const auto given = request.field(HttpField::x_bidder);
  if (!given || !dev_) return BidderId{};
  if (const auto bidder = parse_bidder_id(*given)) return *bidder;
  return std::unexpected(WireError{ErrorCode::invalid_value, "X-Bidder: 1-64 of A-Z a-z 0-9 . _ : @ -"});
}

std::expected<IdempotencyKey, WireError> Access::key(const HttpRequest& request) const {
  const auto given = request.field(HttpField::idempotency_key);
  if (!given) return IdempotencyKey{};
  if (const auto key = parse_idempotency_key(*given)) return *key;
  return std::unexpected(WireError{ErrorCode::invalid_value, "Idempotency-Key: 1-64 visible ASCII characters"});
}

bool is_json(const HttpRequest& request) {
  const std::string_view type = request.field(HttpField::content_type).value_or("");
  if (type == "application/json") return true;
  const std::size_t end = std::min(type.find(';'), type.size());
  if (!equal_ignoring_case(trimmed(type.substr(0, end)), "application/json")) return false;
  const std::string_view parameters = trimmed(type.substr(std::min(end + 1, type.size())));
  return parameters.empty() || equal_ignoring_case(parameters, "charset=utf-8") ||
         equal_ignoring_case(parameters, "charset=\"utf-8\"");
}

}  // namespace flashbid
