// decide() and apply() never ask for memory: a counting operator new stands watch. A program of its own, so that the
// other tests keep the sanitizers' operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "support/auctions.hpp"

namespace {

thread_local bool watching = false;
thread_local int allocations = 0;

void* allocate(std::size_t size) {
  if (watching) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (watching) ++allocations;
  return std::malloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  if (watching) ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace flashbid {
namespace {

using support::bid;

template <class Work>
int allocations_of(Work work) {
  allocations = 0;
  watching = true;
  work();
  watching = false;
  return allocations;
}

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
