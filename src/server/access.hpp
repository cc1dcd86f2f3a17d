// Who may ask, and who asks. With --dev: a loopback Host, no foreign Origin (DNS rebinding and cross-site requests end
// here), and the bidder is whoever the request says. Belongs to one loop.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "wire/errors.hpp"
#include "wire/http_reader.hpp"

namespace flashbid {

class Access {
 public:
  explicit Access(bool dev) : dev_(dev) {}

  // Why the request is refused whatever it asks for; nullopt if it is not.
  [[nodiscard]] std::optional<WireError> check(const HttpRequest& request);
  // Who asks: empty if the request does not say, an error if it says it wrongly.
  [[nodiscard]] std::expected<BidderId, WireError> caller(const HttpRequest& request) const;
  // The request's Idempotency-Key: empty if there is none, an error if it is none.
  [[nodiscard]] std::expected<IdempotencyKey, WireError> key(const HttpRequest& request) const;

 private:
  const bool dev_;
  std::string good_host_;  // the last one that passed: nearly every request has the same
};

// Whether the body of `request` says that it is JSON.
[[nodiscard]] bool is_json(const HttpRequest& request);

// Whether `host` (with or without a port) names this machine itself: localhost, 127.x.x.x, [::1].
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace flashbid
