// The rate limits of a process never ask for memory once they are there, not even under a flood of keys.
#include <gtest/gtest.h>

#include "access/local_rate_limiter.hpp"
#include "allocation/counting_new.hpp"

namespace flashbid {
namespace {

using support::allocations_of;

IpAddress address(std::uint32_t k) {
  const auto byte = [k](unsigned shift) { return static_cast<std::uint8_t>(k >> shift & 0xffU); };
  return IpAddress::of(IpAddress::V4{byte(24), byte(16), byte(8), byte(0)});
}

TEST(Allocation, RateLimitsTakeNone) {
  constexpr Rate rate{.limit = 20, .period_us = second_us, .burst = 40};
  LocalRateLimiter limiter({.bidder = rate, .address = rate, .auction = rate, .max_keys = 1'024});
  const Claim known{.bidder = parse_bidder_id("Alice").value(), .address = address(1), .auction = AuctionId{1}};
  bool admitted = false;
  EXPECT_EQ(allocations_of([&] { admitted = limiter.decide(known).admitted(); }), 0);
  EXPECT_TRUE(admitted);
  int refused = 0;
  EXPECT_EQ(allocations_of([&] {
              for (std::uint32_t k = 0; k < 10'000; ++k) {
                Claim claim = known;
                claim.address = address(k);
                claim.auction = AuctionId{k % 100 + 1};
                refused += limiter.decide(claim).admitted() ? 0 : 1;
              }
            }),
            0);
  EXPECT_GT(refused, 0);
}

TEST(Allocation, FailedAuthenticationsTakeNone) {
  FailedAuthentications failed(FailedAuthentications::default_rate, 1'024);
  EXPECT_EQ(allocations_of([&] {
              for (std::uint32_t k = 0; k < 10'000; ++k) (void)failed.count(address(k % 3'000));
            }),
            0);
}

}  // namespace
}  // namespace flashbid
