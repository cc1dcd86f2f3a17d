#include "access/local_rate_limiter.hpp"

#include <chrono>

namespace flashbid {
namespace {

template <class Keys>
void open(std::optional<Keys>& keys, const std::optional<Rate>& rate, std::size_t max_keys) {
  if (rate) keys.emplace(*rate, max_keys);
}

// Nothing, if there is no such limit or it is about nobody.
template <class Keys, class Key>
auto look(std::optional<Keys>& keys, bool applies, const Key& key, std::int64_t now_us) {
  std::optional<typename Keys::Look> look;
  if (keys && applies) look.emplace(keys->look(key, now_us));
  return look;
}

}  // namespace

std::int64_t steady_us() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_start).count();
}

LocalRateLimiter::LocalRateLimiter(const RateLimits& limits, MicrosecondClock clock)
    : limits_(limits), clock_(std::move(clock)) {
  open(bidders_, limits.bidder, limits.max_keys);
  open(addresses_, limits.address, limits.max_keys);
  open(auctions_, limits.auction, limits.max_keys);
}

void LocalRateLimiter::ask(const Claim& claim, Executor& loop, Done done) {
  loop.post([admission = decide(claim), done = std::move(done)]() mutable { done(std::move(admission)); });
}

bool LocalRateLimiter::limits(const Claim& claim) const {
  if (claim.is_operator && limits_.operators_exempt) return false;
  return (bidders_ && !claim.bidder.empty()) || addresses_ || (auctions_ && claim.auction != AuctionId{0});
}

LimitDecision LocalRateLimiter::decide(const Claim& claim) {
  if (!limits(claim)) return {};
  const std::int64_t now_us = clock_();
  // All are looked at before any counts.
  auto bidder = look(bidders_, !claim.bidder.empty(), claim.bidder, now_us);
  if (bidder && !bidder->decision().admitted) return refusal(LimitedBy::bidder, bidder->decision());
  auto address = look(addresses_, true, claim.address.limited_as(), now_us);
  if (address && !address->decision().admitted) return refusal(LimitedBy::address, address->decision());
  auto auction = look(auctions_, claim.auction != AuctionId{0}, claim.auction, now_us);
  if (auction && !auction->decision().admitted) return refusal(LimitedBy::auction, auction->decision());
  if (bidder) bidder->take();
  if (address) address->take();
  if (auction) auction->take();
  return {};
}

FailedAuthentications::FailedAuthentications(const std::optional<Rate>& rate, std::size_t max_keys,
                                             MicrosecondClock clock)
    : clock_(std::move(clock)) {
  open(addresses_, rate, max_keys);
}

LimitDecision FailedAuthentications::count(const IpAddress& address) {
  auto looked = look(addresses_, true, address.limited_as(), clock_());
  if (!looked) return {};
  if (!looked->decision().admitted) return refusal(LimitedBy::failed_authentications, looked->decision());
  looked->take();
  return {};
}

}  // namespace flashbid
