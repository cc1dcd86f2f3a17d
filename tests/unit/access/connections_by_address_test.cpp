#include "access/connections_by_address.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace flashbid {
namespace {

IpAddress at(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(ConnectionsByAddress, AnAddressHasAsManyAsItMay) {
  ConnectionsByAddress connections(2);
  EXPECT_TRUE(connections.try_add(at("192.0.2.1")));
  EXPECT_TRUE(connections.try_add(at("192.0.2.1")));
  EXPECT_FALSE(connections.try_add(at("192.0.2.1")));
  EXPECT_FALSE(connections.try_add(at("::ffff:192.0.2.1")));
  EXPECT_TRUE(connections.try_add(at("192.0.2.2")));
  connections.remove(at("192.0.2.1"));
  EXPECT_TRUE(connections.try_add(at("192.0.2.1")));
  EXPECT_FALSE(connections.try_add(at("192.0.2.1")));
}

TEST(ConnectionsByAddress, AnIpv6ClientIsItsNetwork) {
  ConnectionsByAddress connections(1);
  EXPECT_TRUE(connections.try_add(at("2001:db8::1")));
  EXPECT_FALSE(connections.try_add(at("2001:db8::2")));
  EXPECT_TRUE(connections.try_add(at("2001:db8:0:1::1")));
  connections.remove(at("2001:db8::3"));
  EXPECT_TRUE(connections.try_add(at("2001:db8::2")));
}

TEST(ConnectionsByAddress, HoldsNothingOfThoseWhoLeft) {
  ConnectionsByAddress connections(3);
  for (std::uint8_t k = 0; k < 200; ++k) ASSERT_TRUE(connections.try_add(IpAddress::of(IpAddress::V4{192, 0, 2, k})));
  EXPECT_EQ(connections.addresses(), 200U);
  for (std::uint8_t k = 0; k < 200; ++k) connections.remove(IpAddress::of(IpAddress::V4{192, 0, 2, k}));
  EXPECT_EQ(connections.addresses(), 0U);
}

TEST(ConnectionsByAddress, WithoutALimitNothingIsCounted) {
  ConnectionsByAddress connections(0);
  for (int k = 0; k < 1'000; ++k) ASSERT_TRUE(connections.try_add(at("192.0.2.1")));
  EXPECT_EQ(connections.addresses(), 0U);
  connections.remove(at("192.0.2.1"));
}

TEST(ConnectionsByAddressDeathTest, WhatWasNotCountedIsNotRemoved) {
  ConnectionsByAddress connections(1);
  EXPECT_DEATH(connections.remove(at("192.0.2.1")), "was counted");
}

TEST(ConnectionsByAddress, ThreadsTogetherGetNoMoreThanOne) {
  constexpr int most = 5;
  ConnectionsByAddress connections(most);
  std::atomic<int> now{0};
  std::atomic<int> seen{0};
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        if (!connections.try_add(at("192.0.2.1"))) continue;
        const int mine = ++now;
        for (int before = seen; before < mine && !seen.compare_exchange_weak(before, mine);) {
        }
        --now;
        connections.remove(at("192.0.2.1"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(seen, most);
  EXPECT_GE(seen, 1);
  EXPECT_EQ(connections.addresses(), 0U);
}

}  // namespace
}  // namespace flashbid
