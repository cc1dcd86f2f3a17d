#include "access/forwarded.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

// The client that a request comes from, with the proxies 10.0.0.0/8 and fd00::/8.
std::string client(std::string_view peer, const std::vector<std::string_view>& lines) {
  const auto trusted = parse_networks("10.0.0.0/8, fd00::/8").value();
  return to_text(client_address(IpAddress::parse(peer).value(), trusted, lines));
}

TEST(Forwarded, WithoutAProxyThePeerIsTheClient) {
  EXPECT_EQ(client("192.0.2.1", {}), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}

TEST(Forwarded, WhatAStrangerWritesIsIgnored) {
  EXPECT_EQ(client("192.0.2.1", {"198.51.100.7"}), "192.0.2.1");
  EXPECT_EQ(client("192.0.2.1", {"10.0.0.1"}), "192.0.2.1");
  const std::vector<std::string_view> lines{"198.51.100.7"};
  EXPECT_EQ(client_address(IpAddress::parse("10.0.0.1").value(), {}, lines), IpAddress::parse("10.0.0.1"));
}

TEST(Forwarded, BehindATrustedProxyItIsWhatThatWrote) {
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(client("fd00::1", {"2001:db8::7"}), "2001:db8::7");
  EXPECT_EQ(client("::ffff:10.0.0.1", {"198.51.100.7"}), "198.51.100.7");
}

TEST(Forwarded, TheRightMostThatIsNotTrustedCounts) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, 198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, 198.51.100.7, 10.0.0.2, fd00::3"}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {"10.9.9.9, 198.51.100.7, 10.0.0.2"}), "198.51.100.7");
}

TEST(Forwarded, SeveralLinesAreOneList) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9", "198.51.100.7, 10.0.0.2"}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, 198.51.100.7", "10.0.0.3", "10.0.0.2"}), "198.51.100.7");
}

TEST(Forwarded, IfAllAreTrustedTheLeftMostIsTheClient) {
  EXPECT_EQ(client("10.0.0.1", {"10.0.0.3,10.0.0.2"}), "10.0.0.3");
  EXPECT_EQ(client("10.0.0.1", {"10.0.0.3", "10.0.0.2"}), "10.0.0.3");
}

TEST(Forwarded, EntriesMayHavePortsAndBlanks) {
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.7:65535"}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {"[2001:db8::7]"}), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", {"[2001:db8::7]:443"}), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", {"2001:db8::7"}), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", {" \t198.51.100.7\t , 10.0.0.2 "}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {"::ffff:198.51.100.7"}), "198.51.100.7");
}

TEST(Forwarded, WhatIsNoAddressEndsTheWalk) {
  for (const char* entry : {"",
                            " ",
                            "unknown",
                            "_hidden",
                            "localhost",
                            "198.51.100.7:",
                            "198.51.100.7:x",
                            "198.51.100.7:123456",
                            "198.51.100",
                            "198.51.100.07",
                            "[198.51.100.7]",
                            "[2001:db8::7",
                            "2001:db8::7]",
                            "[2001:db8::7]443",
                            "[2001:db8::7]:",
                            "[]",
                            "[2001:db8::7%eth0]",
                            "fe80::1%eth0",
                            "\"198.51.100.7\"",
                            "for=198.51.100.7",
                            "198.51.100.7 198.51.100.8",
                            "198.51.100.7;198.51.100.8"}) {
    const std::string line = std::string("203.0.113.9,") + entry + ",10.0.0.2";
    EXPECT_EQ(client("10.0.0.1", {line}), "10.0.0.2") << entry;
    EXPECT_EQ(client("10.0.0.1", {"203.0.113.9", entry}), "10.0.0.1") << entry;
  }
  EXPECT_EQ(client("10.0.0.1", {std::string_view("198.51.100.7\0", 13)}), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", {","}), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.7,"}), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", {",198.51.100.7"}), "198.51.100.7");
}

}  // namespace
}  // namespace flashbid
