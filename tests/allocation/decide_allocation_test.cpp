// decide() and apply() never ask for memory: a counting operator new stands watch.
#include <gtest/gtest.h>

#include <new>

#include "allocation/counting_new.hpp"
#include "support/auctions.hpp"

namespace flashbid {
namespace {

using support::allocations_of;
using support::bid;

TEST(Allocation, TheWatchSeesAnAllocation) {
  EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8)); }), 1);
}

Terms busy_terms() {
  Terms terms = support::plain_terms();
  terms.increment = Increment::preset(IncrementPreset::ebay_us, Currency::parse("USD").value()).value();
  terms.currency = Currency::parse("USD").value();
  terms.soft_close = SoftClose{.window = {20'000}, .extend = {9'500}};
  terms.reserve = Amount{20'000};
  return terms;
}

TEST(Allocation, NoneForABidAcceptedOrRejected) {
  Auction auction = support::created(busy_terms(), Timestamp{500});
  const Command first = bid("Alice", 10'000);
  const Command higher = bid("Bob", 25'000);
  EXPECT_EQ(allocations_of([&] { support::step(auction, first, Timestamp{1'000}); }), 0)
      << "opened, accepted, extended";
  EXPECT_EQ(allocations_of([&] { support::step(auction, first, Timestamp{1'001}); }), 0) << "rejected";
  EXPECT_EQ(allocations_of([&] { support::step(auction, higher, Timestamp{1'002}); }), 0) << "accepted, extended";
  EXPECT_EQ(allocations_of([&] { support::step(auction, higher, Timestamp{50'000}); }), 0) << "closed, rejected";
  EXPECT_EQ(auction.bids, 2U);
  EXPECT_EQ(auction.extensions, 2U);
  EXPECT_EQ(auction.state, AuctionState::closed);
}

}  // namespace
}  // namespace flashbid
