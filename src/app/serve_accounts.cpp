#include "app/serve_accounts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "access/rate_text.hpp"
#include "accounts/account_key.hpp"
#include "accounts/secret.hpp"

namespace flashbid {
namespace {

// As --rate-bidder and its kind: what is left out is the default, and with --dev nothing.
Result<void> set_rate(std::string_view flag, const std::string& text, bool dev, std::optional<Rate>& rate) {
  if (text.empty()) {
    if (dev) rate.reset();
    return {};
  }
  auto given = parse_rate(text);
  if (!given) return fail(Failure::invalid, std::string(flag) + " " + text + ": " + given.error().detail);
  rate = *given;
  return {};
}

Result<accounts::AttemptLimits> limits_of(const ServeOptions& options) {
  accounts::AttemptLimits limits;
  const AccessFlags& flags = options.access;
  if (auto set = set_rate("--rate-login", flags.rate_login, options.dev, limits.name); !set) {
    return std::unexpected(std::move(set.error()));
  }
  if (auto set = set_rate("--rate-login-address", flags.rate_login_address, options.dev, limits.address); !set) {
    return std::unexpected(std::move(set.error()));
  }
  if (options.dev) limits.session.reset();
  return limits;
}

}  // namespace

Result<std::unique_ptr<ServedAccounts>> ServedAccounts::open(const ServeOptions& options) {
  if (options.engine != "embedded") {
    return fail(Failure::invalid,
                "--accounts: the accounts are a file of one process, and nodes on one Redis would each have others: "
                "use the embedded engine, or an identity provider with --jwt-key");
  }
  auto limits = limits_of(options);
  if (!limits) return std::unexpected(std::move(limits.error()));
  auto secret = accounts::open_key(options.data);
  if (!secret) return fail(Failure::invalid, "--accounts: " + secret.error().detail);
  std::unique_ptr<ServedAccounts> made(new ServedAccounts());
  const std::string id = "flashbid-" + accounts::digest_of(*secret).substr(0, 12);
  made->key_ = {.secret = std::move(*secret), .id = id, .issuer = std::string(access::accounts_issuer)};

  accounts::AccountServiceOptions service;
  service.folder = options.data;
  service.secret = made->key_.secret;
  service.key_id = made->key_.id;
  service.clock = &made->clock_;
  // Beside an identity provider: a name that it gave to somebody must not be had by registering it here.
  const bool is_open_if_left_out = options.access.jwt_key.empty();
  service.anybody_signs_up =
      options.access.accounts_sign_up.empty() ? is_open_if_left_out : options.access.accounts_sign_up == "open";
  // A core that hashes decides no bids.
  service.hash_threads = std::max(1U, std::thread::hardware_concurrency() / 4);
  service.limits = *limits;
  service.warn = [](const std::string& line) { spdlog::warn("{}", line); };
  auto opened = accounts::AccountService::open(std::move(service));
  if (!opened) return fail(Failure::invalid, "--accounts: " + opened.error().detail);
  made->service_ = std::move(*opened);
  return made;
}

void ServedAccounts::add_metrics(Exposition& out) const {
  const accounts::AccountCounts counts = service_->counts();
  out.counter("flashbid_accounts_log_ins_total", "Log-ins to this house's own accounts, by outcome");
  out.sample(counts.log_ins, {{"outcome", "done"}});
  out.sample(counts.wrong_log_ins, {{"outcome", "wrong"}});
  out.counter("flashbid_accounts_registered_total", "Accounts that people registered");
  out.sample(counts.sign_ups);
  out.counter("flashbid_accounts_refreshes_total", "Refresh tokens that were replaced");
  out.sample(counts.refreshes);
  out.counter("flashbid_accounts_reused_tokens_total", "Refresh tokens that came again, so that their session ended");
  out.sample(counts.reused_tokens);
  out.counter("flashbid_accounts_refused_total", "Calls that were refused before anything was looked at");
  out.sample(counts.throttled, {{"why", "throttled"}});
  out.sample(counts.busy, {{"why", "busy"}});
  out.counter("flashbid_accounts_hashes_total", "Password hashes computed");
  out.sample(counts.hashes);
}

}  // namespace flashbid
