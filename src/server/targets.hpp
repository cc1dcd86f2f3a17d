// Where paths lead, and which requests of one connection may be in work together. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.hpp"
#include "wire/http_reader.hpp"

namespace flashbid::routes {

enum class Target : std::uint8_t {
  none,
  auctions,
  auction,
  bids,
  bids_csv,
  events,
  actions,
  explain,
  cancel,
  stream,
  access,
  increments,
  healthz,
  readyz,
  metrics,
  health,
  load,
  load_stop,
  demo_init,
  demo_item,
  demo_bid,
  page,
  accounts,
  account_password,
  sessions,
  session_refresh,
  session_logout,
};
struct Place {
  Target target = Target::none;
  AuctionId auction;
};
// What a server has to offer, each with all before it.
enum class Offer : std::uint8_t { health, auctions, demo };
// Whether it is of a house's own accounts, which not every server has.
[[nodiscard]] bool is_of_accounts(Target target);
// Where a path leads.
[[nodiscard]] Place find(std::string_view path, Offer offer);

// The methods of a target, as `Allow` names them.
[[nodiscard]] std::string_view allowed_methods(Target target);
[[nodiscard]] bool allows(Target target, Method method);
[[nodiscard]] bool takes_query(Target target, Method method);

// Which pipelined requests may be in work together (RFC 9112, 9.3.2: what follows an unsafe request sees its effect).
enum class Company : std::uint8_t {
  reads,  // among each other
  bids,   // among each other: an auction decides them in their order
  alone,  // all earlier ones are answered and sent first: streams take the socket, long pages would pile up in memory
};
[[nodiscard]] Company company_of(Target target, Method method);

}  // namespace flashbid::routes
