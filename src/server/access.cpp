#include "server/access.hpp"

#include <algorithm>
#include <charconv>

#include "server/admission.hpp"

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

bool is_foreign_origin_allowed(const std::vector<std::string>& allowed, std::string_view origin) {
  return std::ranges::any_of(allowed, [&](const std::string& one) { return one == "*" || one == origin; });
}

constexpr std::string_view bearer = "bearer ";

bool is_bearer(std::string_view authorization) {
  return equal_ignoring_case(authorization.substr(0, bearer.size()), bearer);
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

Access::Access(const AccessOptions& options, Traffic& traffic) : options_(options), traffic_(traffic) {
  if (options.keys != nullptr) tokens_.emplace(*options.keys, options.tokens);
}

std::optional<WireError> Access::check(const HttpRequest& request) {
  const auto given = request.field(HttpField::host);
  const std::string_view host = given.value_or("");
  if (host != good_host_ || host.empty()) {
    if (const auto wrong = check_host(host, request.http_1_0, given.has_value())) return wrong;
    good_host_ = host;
  }
  if (const auto origin = request.field(HttpField::origin)) return check_origin(*origin, host);
  return std::nullopt;
}

std::optional<WireError> Access::check_host(std::string_view host, bool http_1_0, bool is_given) {
  constexpr std::string_view never_in_a_host = " \t/\\@,<>\"";
  if (host.find_first_of(never_in_a_host) != std::string_view::npos) {
    return WireError{ErrorCode::bad_request, "the Host header is no host and port"};
  }
  // HTTP/1.0 has no Host: only a program can have sent it, as no browser does.
  if (options_.dev && !(http_1_0 && !is_given) && !is_loopback_host(host)) {
    return WireError{ErrorCode::host_not_allowed,
                     "with --dev the Host must be this machine: localhost, 127.0.0.1 or [::1]"};
  }
  return std::nullopt;
}

// A proxy may speak TLS for us; with --dev there is none.
bool Access::is_own(std::string_view origin, std::string_view host) const {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (scheme == "http://" ? options_.tls : options_.dev && !options_.tls) continue;
    if (origin.starts_with(scheme) && equal_ignoring_case(origin.substr(scheme.size()), host)) return true;
  }
  return false;
}

// A page of this server's own, or of a site that is named. A page in a sandbox or a file (`null`) is neither.
std::optional<WireError> Access::check_origin(std::string_view origin, std::string_view host) const {
  if (is_own(origin, host) || is_foreign_origin_allowed(options_.origins, origin)) return std::nullopt;
  return WireError{ErrorCode::origin_not_allowed,
                   options_.dev ? "with --dev only pages of this server itself may ask"
                                : "pages of this site may not ask here: the operator names it with --origins"};
}

// No credentials are allowed: who asks says so in Authorization, which a browser never adds by itself.
std::string Access::headers_for_origin(const HttpRequest& request) const {
  const auto origin = request.field(HttpField::origin);
  if (!origin || is_own(*origin, request.field(HttpField::host).value_or(""))) return {};
  std::string headers = "Access-Control-Allow-Origin: ";
  headers += *origin;
  headers += "\r\nVary: Origin\r\n";
  if (request.method == Method::options) {
    headers +=
        "Access-Control-Allow-Methods: GET, HEAD, POST, DELETE\r\nAccess-Control-Allow-Headers: Authorization, "
        "Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id\r\nAccess-Control-Max-Age: 600\r\n";
  } else {
    headers +=
        "Access-Control-Expose-Headers: Content-Disposition, Location, Retry-After, WWW-Authenticate, "
        "X-Request-Id\r\n";
  }
  return headers;
}

std::expected<Caller, WireError> Access::caller(const HttpRequest& request, const IpAddress& from, Timestamp now) {
  if (const auto given = request.field(HttpField::authorization); given && tokens_) {
    if (!is_bearer(*given)) {
      return wrong(access::FaultClass::malformed, "Authorization: Bearer TOKEN", from);
    }
    return holder(token_of(request), from, now);
  }
  const auto given = request.field(HttpField::x_bidder);
  if (!given || !options_.dev) return Caller{};
  if (const auto bidder = parse_bidder_id(*given)) return Caller{.bidder = *bidder};
  return std::unexpected(WireError{ErrorCode::invalid_value, "X-Bidder: 1-64 of A-Z a-z 0-9 . _ : @ -"});
}

std::expected<Caller, WireError> Access::holder(std::string_view token, const IpAddress& from, Timestamp now) {
  const std::uint64_t generation = options_.keys->generation();  // before it is verified: a newer one is noticed later
  const auto identity = tokens_->check(token, now);
  if (!identity) {
    return wrong(access::class_of(identity.error()), std::string(access::describe(identity.error())), from);
  }
  return Caller{.bidder = identity->subject,
                .role = identity->role,
                .expires = identity->expires + options_.tokens.leeway,
                .generation = generation};
}

std::unexpected<WireError> Access::wrong(access::FaultClass fault, std::string why, const IpAddress& from) {
  traffic_.fail(fault);
  if (options_.failures != nullptr) {
    if (const LimitDecision admission = options_.failures->count(from); !admission.admitted()) {
      traffic_.refuse(admission.by);
      return std::unexpected(to_wire(admission));
    }
  }
  return std::unexpected(WireError{ErrorCode::unauthenticated, std::move(why)});
}

std::string_view Access::token_of(const HttpRequest& request) const {
  const auto given = request.field(HttpField::authorization);
  return given && tokens_ && is_bearer(*given) ? trimmed(given->substr(bearer.size())) : std::string_view();
}

bool Access::still_counts(Caller& caller, std::string_view token, Timestamp now) {
  if (now >= caller.expires) return false;
  if (caller.generation == 0 || options_.keys->generation() == caller.generation) return true;
  const std::uint64_t generation = options_.keys->generation();
  const auto identity = tokens_->check(token, now);
  if (!identity || identity->subject != caller.bidder) return false;
  caller.generation = generation;
  return true;
}

std::optional<WireError> Access::may_bid(const Caller& caller) const {
  if (!caller.bidder.empty()) return std::nullopt;
  return WireError{ErrorCode::unauthenticated, options_.dev ? "say who bids: with --dev in the header X-Bidder"
                                                            : "a bid needs a token: Authorization: Bearer TOKEN"};
}

std::optional<WireError> Access::may_operate(const Caller& caller) const {
  if (options_.dev || caller.role == access::Role::operator_) return std::nullopt;
  if (caller.bidder.empty()) {
    return WireError{ErrorCode::unauthenticated, "this is for operators: Authorization: Bearer TOKEN"};
  }
  return WireError{ErrorCode::forbidden, "this is for operators: the token's role is bidder"};
}

std::optional<WireError> Access::may_read(const Caller& caller) const {
  if (!options_.is_private || !caller.bidder.empty()) return std::nullopt;
  return WireError{ErrorCode::unauthenticated, "this house is private: Authorization: Bearer TOKEN"};
}

IpAddress Access::client(const HttpRequest& request, const IpAddress& peer) const {
  if (options_.trusted_proxies.empty()) return peer;
  return client_address(peer, options_.trusted_proxies, request.forwarded_for());
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
