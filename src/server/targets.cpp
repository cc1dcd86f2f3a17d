#include "server/targets.hpp"

#include <algorithm>
#include <array>

#include "server/pages.hpp"
#include "wire/decode.hpp"

namespace flashbid::routes {

namespace {

struct AccountPath {
  std::string_view path;
  Target target;
};
constexpr std::array<AccountPath, 5> account_paths{{{"/v1/accounts", Target::accounts},
                                                    {"/v1/accounts/password", Target::account_password},
                                                    {"/v1/sessions", Target::sessions},
                                                    {"/v1/sessions/refresh", Target::session_refresh},
                                                    {"/v1/sessions/logout", Target::session_logout}}};

}  // namespace

bool is_of_accounts(Target target) {
  return std::ranges::any_of(account_paths, [target](const AccountPath& one) { return one.target == target; });
}

std::string_view allowed_methods(Target target) {
  if (is_of_accounts(target)) return "POST, OPTIONS";
  switch (target) {
    case Target::auctions:
    case Target::bids:
    case Target::load:
      return "GET, HEAD, POST, OPTIONS";
    case Target::cancel:
    case Target::load_stop:
    case Target::demo_init:
    case Target::demo_bid:
      return "POST, OPTIONS";
    default:
      return "GET, HEAD, OPTIONS";
  }
}

bool allows(Target target, Method method) {
  const std::string_view allowed = allowed_methods(target);
  switch (method) {
    case Method::get:
    case Method::head:
      return allowed.starts_with("GET");
    case Method::post:
      return allowed.contains("POST");
    default:
      return false;
  }
}

bool takes_query(Target target, Method method) {
  if (target == Target::page) return true;
  return method != Method::post && (target == Target::auctions || target == Target::bids || target == Target::events ||
                                    target == Target::explain || target == Target::increments);
}

Place find(std::string_view path, Offer offer) {
  if (path == "/healthz") return {Target::healthz, {}};
  if (path == "/readyz") return {Target::readyz, {}};
  if (path == "/metrics") return {Target::metrics, {}};
  if (offer == Offer::health) return {};
  constexpr std::string_view auctions = "/v1/auctions";
  if (path.starts_with(auctions)) {
    std::string_view rest = path.substr(auctions.size());
    if (rest.empty()) return {Target::auctions, {}};
    if (!rest.starts_with('/')) return {};
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const auto id = parse_auction_id(rest.substr(0, slash));
    if (!id) return {};
    const std::string_view part = rest.substr(slash);
    if (part == "/bids") return {Target::bids, *id};
    if (part.empty()) return {Target::auction, *id};
    if (part == "/bids.csv") return {Target::bids_csv, *id};
    if (part == "/events") return {Target::events, *id};
    if (part == "/actions") return {Target::actions, *id};
    if (part == "/explain") return {Target::explain, *id};
    if (part == "/cancel") return {Target::cancel, *id};
    return {};
  }
  if (path == "/v1/stream") return {Target::stream, {}};
  if (path == "/v1/health") return {Target::health, {}};
  if (path == "/v1/access") return {Target::access, {}};
  if (path == "/v1/increments") return {Target::increments, {}};
  if (const auto of_accounts = std::ranges::find(account_paths, path, &AccountPath::path);
      of_accounts != account_paths.end()) {
    return {of_accounts->target, {}};
  }
  if (offer == Offer::demo) {
    constexpr std::string_view item = "/item/";
    if (path == "/v1/load") return {Target::load, {}};
    if (path == "/v1/load/stop") return {Target::load_stop, {}};
    if (path == "/init") return {Target::demo_init, {}};
    if (path == "/bid") return {Target::demo_bid, {}};
    if (path.starts_with(item)) {
      const auto id = parse_auction_id(path.substr(item.size()));
      return id ? Place{Target::demo_item, *id} : Place{};
    }
  }
  if (find_page(path)) return {Target::page, {}};
  return {};
}

Company company_of(Target target, Method method) {
  if (method == Method::post) return target == Target::bids ? Company::bids : Company::alone;
  const bool is_long = target == Target::auctions || target == Target::bids || target == Target::bids_csv ||
                       target == Target::events || target == Target::explain;
  return is_long || target == Target::stream || target == Target::metrics || target == Target::health ? Company::alone
                                                                                                      : Company::reads;
}

}  // namespace flashbid::routes
