// Who may ask, and who asks. Belongs to one loop.
//
// With --dev: a loopback Host (DNS rebinding ends here), and the bidder is whoever the request says. Otherwise who asks
// is what a verified token says, and nobody without one. Pages of other sites are refused unless they are named.
#pragma once

#include <algorithm>
#include <expected>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access/accounts.hpp"
#include "access/forwarded.hpp"
#include "access/local_rate_limiter.hpp"
#include "access/token_checker.hpp"
#include "base/ids.hpp"
#include "server/traffic.hpp"
#include "wire/bidder_names.hpp"
#include "wire/errors.hpp"
#include "wire/http_reader.hpp"

namespace flashbid {

// What all loops go by. What is pointed to outlives them.
struct AccessOptions {
  bool dev = false;
  bool tls = false;         // clients reach this server by https
  bool is_private = false;  // nothing is told without a token
  BidderNames public_bidders = BidderNames::full;
  access::KeyRing* keys = nullptr;            // null = tokens are not taken
  access::Accounts* accounts = nullptr;       // null = this server has none
  access::Rules tokens;                       // what must be true of them
  RateLimiter* limits = nullptr;              // null = none
  FailedAuthentications* failures = nullptr;  // null = not counted
  std::vector<IpNetwork> trusted_proxies;
  [[nodiscard]] bool is_trusted(const IpAddress& address) const {
    return std::ranges::any_of(trusted_proxies, [&](const IpNetwork& network) { return network.contains(address); });
  }
  std::vector<std::string> origins;  // of other sites' pages that may ask: https://shop.example; "*" = all
};

// Who asks.
struct Caller {
  BidderId bidder;  // empty = nobody has said
  access::Role role = access::Role::bidder;
  Timestamp expires{std::numeric_limits<std::int64_t>::max()};  // until when that counts
  std::uint64_t generation = 0;  // of the keys that have verified its token; 0 = there is none
  friend bool operator==(const Caller&, const Caller&) = default;
};

class Access {
 public:
  // Both outlive it. `traffic`: where failed authentications are counted.
  Access(const AccessOptions& options, Traffic& traffic);

  // Why the request is refused whatever it asks for; nullopt if it is not.
  [[nodiscard]] std::optional<WireError> check(const HttpRequest& request);
  // What the answer says to the browser of a page of another site that may ask (CORS): whole lines; empty if this is
  // none. Only after check().
  [[nodiscard]] std::string headers_for_origin(const HttpRequest& request) const;
  // Who asks: nobody if the request does not say, an error if it says it wrongly. `from`: the client's address.
  [[nodiscard]] std::expected<Caller, WireError> caller(const HttpRequest& request, const IpAddress& from,
                                                        Timestamp now);
  // The same of a token that came by another way.
  [[nodiscard]] std::expected<Caller, WireError> holder(std::string_view token, const IpAddress& from, Timestamp now);

  // Whether what was known of `caller` when it came still counts: its token has not ended, and no key has been taken
  // away by which it was verified. For what stays open; costs nothing while the keys are the same.
  [[nodiscard]] bool still_counts(Caller& caller, std::string_view token, Timestamp now);
  // The token of a request; empty if there is none, or none is taken.
  [[nodiscard]] std::string_view token_of(const HttpRequest& request) const;

  // What stands in the way of what only some may do; nullopt = nothing.
  [[nodiscard]] std::optional<WireError> may_bid(const Caller& caller) const;
  [[nodiscard]] std::optional<WireError> may_operate(const Caller& caller) const;
  [[nodiscard]] std::optional<WireError> may_read(const Caller& caller) const;

  // How bidders are named to everybody, and in an answer that only `caller` gets: operators see whole names.
  [[nodiscard]] BidderNames public_bidders() const { return options_.public_bidders; }
  [[nodiscard]] BidderNames bidders_for(const Caller& caller) const {
    return caller.role == access::Role::operator_ ? BidderNames::full : options_.public_bidders;
  }

  // The request's Idempotency-Key: empty if there is none, an error if it is none.
  [[nodiscard]] std::expected<IdempotencyKey, WireError> key(const HttpRequest& request) const;
  // Who is behind the proxies that are trusted.
  [[nodiscard]] IpAddress client(const HttpRequest& request, const IpAddress& peer) const;

  [[nodiscard]] const std::vector<std::string>& origins() const { return options_.origins; }
  [[nodiscard]] bool is_private() const { return options_.is_private; }
  [[nodiscard]] bool is_dev() const { return options_.dev; }
  [[nodiscard]] bool takes_tokens() const { return options_.keys != nullptr; }
  [[nodiscard]] access::Accounts* accounts() const { return options_.accounts; }
  [[nodiscard]] RateLimiter* limits() const { return options_.limits; }

 private:
  // A wrong token, counted: unauthenticated, or rate_limited if there were too many.
  [[nodiscard]] std::unexpected<WireError> wrong(access::FaultClass fault, std::string why, const IpAddress& from);
  [[nodiscard]] std::optional<WireError> check_host(std::string_view host, bool http_1_0, bool is_given);
  [[nodiscard]] std::optional<WireError> check_origin(std::string_view origin, std::string_view host) const;
  [[nodiscard]] bool is_own(std::string_view origin, std::string_view host) const;

  const AccessOptions& options_;
  Traffic& traffic_;
  std::optional<access::TokenChecker> tokens_;
  std::string good_host_;  // the last one that passed: nearly every request has the same
};

// Whether the body of `request` says that it is JSON.
[[nodiscard]] bool is_json(const HttpRequest& request);

// Whether `host` (with or without a port) names this machine itself: localhost, 127.x.x.x, [::1].
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace flashbid
