#include "app/serve_access.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "access/local_rate_limiter.hpp"
#include "access/rate_text.hpp"
#include "app/duration.hpp"

namespace flashbid {
namespace {

Result<std::optional<Rate>> rate_of(std::string_view flag, const std::string& text,
                                    const std::optional<Rate>& if_left_out) {
  if (text.empty()) return if_left_out;
  auto rate = parse_rate(text);
  if (!rate) return fail(Failure::invalid, std::string(flag) + " " + text + ": " + rate.error().detail);
  return rate;
}

// An origin as browsers send it: scheme and host, and a port if it is not the scheme's; no path.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view host = text.substr(scheme.size());
    const bool is_lower = std::ranges::none_of(host, [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool has_usual_port = host.ends_with(scheme == "https://" ? ":443" : ":80");  // which browsers leave out
    return !host.empty() && is_lower && !has_usual_port && host.find_first_of("/ \t?#@*\\") == std::string_view::npos;
  }
  return text == "*";
}

Result<std::vector<std::string>> parse_origins(std::string_view text) {
  std::vector<std::string> origins;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, comma);
    if (!is_origin(one)) {
      return fail(
          Failure::invalid,
          "--origins \"" + std::string(one) +
              "\": give https://host as browsers write it: small letters, no path, no port 443; several separated by "
              "commas; or *");
    }
    origins.emplace_back(one);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return origins;
}

}  // namespace

Result<std::unique_ptr<ServedAccess>> ServedAccess::open(const ServeOptions& options) {
  std::unique_ptr<ServedAccess> made(new ServedAccess());
  made->options_.dev = options.dev;
  made->options_.is_private = options.access.is_private;
  if (options.access.public_bidders == "masked") made->options_.public_bidders = BidderNames::masked;
  if (auto opened = made->open_keys(options); !opened) return std::unexpected(std::move(opened.error()));
  if (auto opened = made->open_lists(options.access); !opened) return std::unexpected(std::move(opened.error()));
  if (auto opened = made->open_limits(options); !opened) return std::unexpected(std::move(opened.error()));
  return made;
}

Result<void> ServedAccess::open_keys(const ServeOptions& options) {
  const AccessFlags& flags = options.access;
  options_.tokens.leeway = parse_duration(flags.jwt_leeway, access::most_leeway).value();
  if (flags.accounts) {
    auto accounts = ServedAccounts::open(options);
    if (!accounts) return std::unexpected(std::move(accounts.error()));
    accounts_ = std::move(*accounts);
    options_.accounts = &accounts_->port();
  } else if (!flags.accounts_sign_up.empty()) {
    return fail(Failure::invalid, "--accounts-sign-up: give --accounts, which it is about");
  }
  if (flags.jwt_key.empty()) {
    if (accounts_ != nullptr) return use_own_key();
    if (!flags.jwt_ca.empty() || !flags.jwt_issuer.empty() || !flags.jwt_audience.empty()) {
      return fail(Failure::invalid, "--jwt-ca, --jwt-issuer, --jwt-audience: give --jwt-key, which they are about");
    }
    if (options.dev) return {};
    return fail(
        Failure::invalid,
        "--jwt-key is missing: give a file with the key that tokens are verified with (openssl rand -hex 32 > key "
        "makes a secret; flashbid token --key key --sub NAME a token), or --accounts, with which people "
        "register and log in here, or --dev, which serves this machine only, without login");
  }
  access::KeyRingOptions ring;
  ring.source = flags.jwt_key;
  ring.ca_file = flags.jwt_ca;
  ring.warn = [](const std::string& line) { spdlog::warn("--jwt-key: {}", line); };
  if (accounts_ != nullptr) ring.own = accounts_->key();
  auto keys = access::KeyRing::open(std::move(ring));
  if (!keys) return fail(keys.error().failure, "--jwt-key: " + keys.error().detail);
  keys_ = std::move(*keys);
  options_.keys = keys_.get();
  if (!flags.jwt_issuer.empty()) options_.tokens.issuer = flags.jwt_issuer;
  if (!flags.jwt_audience.empty()) options_.tokens.audience = flags.jwt_audience;
  return {};
}

Result<void> ServedAccess::use_own_key() {
  auto keys = access::KeySet::of_own_key(accounts_->key());
  if (!keys) return std::unexpected(std::move(keys.error()));
  keys_ = std::make_unique<access::KeyRing>(std::make_shared<const access::KeySet>(std::move(*keys)));
  options_.keys = keys_.get();
  return {};
}

Result<void> ServedAccess::open_lists(const AccessFlags& flags) {
  auto proxies = parse_networks(flags.trusted_proxies);
  if (!proxies) return fail(Failure::invalid, "--trusted-proxies: " + proxies.error().detail);
  options_.trusted_proxies = std::move(*proxies);
  auto origins = parse_origins(flags.origins);
  if (!origins) return std::unexpected(std::move(origins.error()));
  options_.origins = std::move(*origins);
  return {};
}

Result<void> ServedAccess::open_limits(const ServeOptions& options) {
  const AccessFlags& flags = options.access;
  const RateLimits usual = options.dev ? RateLimits{.bidder = {}, .address = {}, .auction = {}} : RateLimits{};
  RateLimits limits = usual;
  std::optional<Rate> failures;
  if (!options.dev) failures = FailedAuthentications::default_rate;
  struct Limit {
    std::string_view flag;
    const std::string& text;
    std::optional<Rate>& rate;
  };
  for (const Limit& limit : {Limit{"--rate-bidder", flags.rate_bidder, limits.bidder},
                             Limit{"--rate-address", flags.rate_address, limits.address},
                             Limit{"--rate-auction", flags.rate_auction, limits.auction},
                             Limit{"--rate-failures", flags.rate_failures, failures}}) {
    auto rate = rate_of(limit.flag, limit.text, limit.rate);
    if (!rate) return std::unexpected(std::move(rate.error()));
    limit.rate = *rate;
  }
  limits.operators_exempt = !flags.limit_operators;
  failures_ = std::make_unique<FailedAuthentications>(failures);
  options_.failures = failures_.get();
  if (!limits.any()) return {};
  if (options.engine == "embedded") {
    limits_ = std::make_unique<LocalRateLimiter>(limits);
  } else {
    auto url = redis::parse_url(options.engine);
    if (!url) return std::unexpected(std::move(url.error()));
    RedisRateLimiterOptions shared{.url = std::move(*url), .limits = limits, .on_notice = {}};
    shared.on_notice = [](const std::string& line) { spdlog::warn("rate limits: {}", line); };
    auto started = RedisRateLimiter::start(std::move(shared));
    if (!started) return std::unexpected(std::move(started.error()));
    on_redis_ = started->get();
    limits_ = std::move(*started);
  }
  options_.limits = limits_.get();
  return {};
}

void ServedAccess::add_degraded(std::vector<std::string>& degraded) const {
  if (keys_ == nullptr) return;
  // Anybody may ask; why it is so names files of this machine, and is for the log.
  if (!keys_->degraded().empty()) {
    degraded.emplace_back("jwt_key: the keys of tokens stay as they were; the log says why");
  }
}

void ServedAccess::add_metrics(Exposition& out) const {
  if (accounts_ != nullptr) accounts_->add_metrics(out);
}

void ServedAccess::stop() {
  if (accounts_ != nullptr) accounts_->stop();
  if (on_redis_ != nullptr) on_redis_->stop();
}

}  // namespace flashbid
