#include "access/ip_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid {
namespace {

using ::testing::HasSubstr;

IpAddress at(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, IsWrittenInOneWay) {
  EXPECT_EQ(to_text(at("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_text(at("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
  EXPECT_EQ(to_text(at("::1")), "::1");
  EXPECT_EQ(to_text(IpAddress{}), "::");
  EXPECT_EQ(at("192.0.2.1"), IpAddress::of(IpAddress::V4{192, 0, 2, 1}));
  EXPECT_EQ(at("::1"), IpAddress::of(IpAddress::V6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(IpAddress, OneThatIsMappedIsTheIpv4One) {
  EXPECT_EQ(at("::ffff:192.0.2.1"), at("192.0.2.1"));
  EXPECT_EQ(at("::ffff:c000:201"), at("192.0.2.1"));
  EXPECT_TRUE(at("::ffff:192.0.2.1").is_v4());
  EXPECT_FALSE(at("::192.0.2.1").is_v4());
  EXPECT_FALSE(at("::1").is_v4());
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4",
                           "0x1.2.3.4", "1.2.3.4:80", "::1%eth0", "[::1]", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9",
                           "g::", "localhost", "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0junk", 12)));
}

TEST(IpAddress, LimitsCountForTheWholeOfIpv6sLast64Bits) {
  EXPECT_EQ(at("2001:db8:1:2:3:4:5:6").limited_as(), at("2001:db8:1:2::"));
  EXPECT_EQ(at("2001:db8:1:2::").limited_as(), at("2001:db8:1:2:ffff:ffff:ffff:ffff").limited_as());
  EXPECT_NE(at("2001:db8:1:3::").limited_as(), at("2001:db8:1:2::").limited_as());
  EXPECT_EQ(at("192.0.2.1").limited_as(), at("192.0.2.1"));
  EXPECT_NE(at("192.0.2.1").limited_as(), at("192.0.2.2").limited_as());
}

bool holds(std::string_view network, std::string_view address) {
  return IpNetwork::parse(network).value().contains(at(address));
}

TEST(IpNetwork, HoldsWhatBeginsAlike) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(holds("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(holds("fd00::/8", "fdff::1"));
  EXPECT_FALSE(holds("fd00::/8", "fe00::1"));
  EXPECT_TRUE(holds("2001:db8::1/128", "2001:db8::1"));
  EXPECT_TRUE(holds("2001:db8:8000::/33", "2001:db8:ffff::"));
  EXPECT_FALSE(holds("2001:db8:8000::/33", "2001:db8:7fff::"));
}

// All of IPv6 is not all of IPv4, and the other way round.
TEST(IpNetwork, TheFamiliesStayApart) {
  EXPECT_TRUE(holds("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("::/0", "2001:db8::1"));
  EXPECT_FALSE(holds("::/0", "192.0.2.1"));
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
}

TEST(IpNetwork, RefusesWhatIsNoneAndSaysWhatWouldBeRight) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/08x", "10/8", "::/129",
        "::ffff:10.0.0.0/95", "localhost/8", "10.0.0.0/255.0.0.0", "10.0.0.0/4294967304"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
  EXPECT_THAT(IpNetwork::parse("10.0.0.1/8").error().detail, HasSubstr("10.0.0.0/8 would be that network"));
  EXPECT_THAT(IpNetwork::parse("2001:db8::1/64").error().detail, HasSubstr("2001:db8::/64 would be that network"));
  EXPECT_THAT(IpNetwork::parse("10.0.0.0/33").error().detail, HasSubstr("from 0 to 32"));
  EXPECT_THAT(IpNetwork::parse("proxy").error().detail, HasSubstr("a network like 10.0.0.0/8"));
}

TEST(IpNetwork, AListHasCommas) {
  EXPECT_EQ(parse_networks("").value().size(), 0U);
  EXPECT_EQ(parse_networks(" ").value().size(), 0U);
  const auto networks = parse_networks("10.0.0.0/8, fd00::/8,192.0.2.1").value();
  ASSERT_EQ(networks.size(), 3U);
  EXPECT_TRUE(networks[1].contains(at("fd00::1")));
  EXPECT_FALSE(parse_networks("10.0.0.0/8,"));
  EXPECT_FALSE(parse_networks(",10.0.0.0/8"));
  EXPECT_FALSE(parse_networks("10.0.0.0/8 fd00::/8"));
}

}  // namespace
}  // namespace flashbid
