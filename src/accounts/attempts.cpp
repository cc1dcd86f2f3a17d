#include "accounts/attempts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace flashbid::accounts {
namespace {

BidderId folded(const BidderId& name) {
  std::string text(name.view());
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return BidderId::from(text).value();
}

TooMany too_many(std::string_view of, const GcraDecision& decision) {
  return {"too many attempts " + std::string(of) + ": wait as long as Retry-After says",
          refusal(LimitedBy::address, decision).retry_after_s()};
}

}  // namespace

Attempts::Attempts(const AttemptLimits& limits, MicrosecondClock clock) : clock_(std::move(clock)) {
  if (limits.name) names_.emplace(*limits.name, limits.max_keys);
  if (limits.address) addresses_.emplace(*limits.address, limits.max_keys);
  if (limits.session) sessions_.emplace(*limits.session, limits.max_keys);
}

std::optional<TooMany> Attempts::count(const BidderId& name, const IpAddress& address) {
  const std::int64_t now_us = clock_();
  std::optional<decltype(names_)::value_type::Look> by_name;
  std::optional<decltype(addresses_)::value_type::Look> by_address;
  if (names_ && !name.empty()) by_name.emplace(names_->look(folded(name), now_us));
  if (by_name && !by_name->decision().admitted) return too_many("with this name", by_name->decision());
  if (addresses_) by_address.emplace(addresses_->look(address.limited_as(), now_us));
  if (by_address && !by_address->decision().admitted) return too_many("from this address", by_address->decision());
  if (by_name) by_name->take();
  if (by_address) by_address->take();
  return std::nullopt;
}

std::optional<TooMany> Attempts::count_session(const IpAddress& address) {
  if (!sessions_) return std::nullopt;
  auto look = sessions_->look(address.limited_as(), clock_());
  if (!look.decision().admitted) return too_many("from this address", look.decision());
  look.take();
  return std::nullopt;
}

}  // namespace flashbid::accounts
