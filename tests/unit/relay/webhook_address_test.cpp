#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "relay/webhook/address.hpp"

namespace flashbid::webhook {
namespace {

std::string why(const std::string& text) {
  if (text.find(':') == std::string::npos) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &address.sin_addr), 1) << text;
    return std::string(why_not_public(reinterpret_cast<const sockaddr&>(address)));
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr), 1) << text;
  return std::string(why_not_public(reinterpret_cast<const sockaddr&>(address)));
}

TEST(WebhookAddress, PublicOnesArePublic) {
  for (const char* text : {"1.1.1.1",
                           "8.8.8.8",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.0",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "223.255.255.255",
                           "2606:4700:4700::1111",
                           "2a00:1450:4001::1",
                           "::ffff:8.8.8.8",
                           "64:ff9b::8.8.8.8",
                           "2002:808:808::1",
                           "2001:4860:4860::8888"}) {
    EXPECT_EQ(why(text), "") << text;
  }
}

TEST(WebhookAddress, OthersAreNot) {
  const std::pair<const char*, const char*> table[] = {
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.0", "carrier-grade NAT"},
      {"100.127.255.255", "carrier-grade NAT"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"192.0.0.8", "reserved"},
      {"192.0.2.1", "for documents"},
      {"192.168.0.0", "private"},
      {"192.168.255.255", "private"},
      {"198.18.0.0", "for benchmarks"},
      {"198.19.255.255", "for benchmarks"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.0", "reserved"},
      {"255.255.255.254", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::2", "unspecified"},
      {"::127.0.0.1", "loopback"},
      {"fc00::1", "private"},
      {"fdff:ffff::1", "private"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "private"},
      {"ff02::1", "multicast"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:10.1.2.3", "private"},
      {"::ffff:169.254.169.254", "link-local"},
      {"::ffff:0:127.0.0.1", "loopback"},
      {"64:ff9b::127.0.0.1", "loopback"},
      {"64:ff9b::192.168.1.1", "private"},
      {"64:ff9b:1::8.8.8.8", "reserved"},
      {"2002:7f00:1::1", "loopback"},
      {"2002:c0a8:101::1", "private"},
      {"2001::1", "reserved"},
      {"2001:db8::1", "for documents"},
      {"100::1", "reserved"},
      {"4000::1", "reserved"},
  };
  for (const auto& [text, what] : table) EXPECT_EQ(why(text), what) << text;
}

TEST(WebhookAddress, WhatIsNoAddressOfTheInternetIsNotPublic) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_NE(why_not_public(address), "");
}

}  // namespace
}  // namespace flashbid::webhook
