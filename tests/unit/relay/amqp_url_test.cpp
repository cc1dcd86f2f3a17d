#include "relay/amqp/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AmqpUrl, SaysWhereAndWho) {
  const auto url = AmqpUrl::parse("amqp://me:p%40ss@mq.example:5673/shop%2Fone");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_EQ(url->host, "mq.example");
  EXPECT_EQ(url->port, 5673);
  EXPECT_EQ(url->user, "me");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->vhost, "shop/one");
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->shown, "mq.example:5673/shop/one");
}

TEST(AmqpUrl, HasDefaults) {
  for (const char* text : {"amqp://mq", "amqp://mq/", "amqp://mq:5672/%2F"}) {
    const auto url = AmqpUrl::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->port, 5672) << text;
    EXPECT_EQ(url->user, "guest") << text;
    EXPECT_EQ(url->vhost, "/") << text;
    EXPECT_EQ(url->shown, "mq:5672") << text;
  }
  const auto tls = AmqpUrl::parse("amqps://mq");
  ASSERT_TRUE(tls);
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->port, 5671);
}

TEST(AmqpUrl, AnIpv6AddressStandsInBrackets) {
  const auto url = AmqpUrl::parse("amqp://[::1]:5673");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->shown, "[::1]:5673");
}

TEST(AmqpUrl, NamesItsAuthorities) {
  const auto url = AmqpUrl::parse("amqps://me:secret@mq/shop?ca=/etc/our%20own.pem");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_EQ(url->ca_file, "/etc/our own.pem");
  EXPECT_EQ(url->vhost, "shop");
  EXPECT_EQ(url->shown, "mq:5671/shop");
  EXPECT_EQ(AmqpUrl::parse("amqps://mq")->ca_file, "");
}

TEST(AmqpUrl, SaysWhatIsWrongWithoutThePassword) {
  for (const char* text :
       {"redis://me:secret@mq", "amqp://", "amqp://me:secret@", "amqp://me:secret@mq:port", "amqp://me:secret@mq:70000",
        "amqp://me:secret@mq/?a=b", "amqp://me:secret@mq?ca=/a.pem",
        "amqps://me:secret@mq?ca=", "amqps://me:secret@mq?ca=%z", "amqps://me:secret@mq?", "amqps://me:se?cret@mq",
        "amqps://me:secret@mq?ca=/a#b", "amqp://me:secr%zzet@mq", "amqp://me:secret@two@mq"}) {
    const auto url = AmqpUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().failure, Failure::invalid);
    EXPECT_THAT(url.error().detail, HasSubstr("amqp://"));
    EXPECT_THAT(url.error().detail, Not(HasSubstr("secr"))) << text;
  }
}

}  // namespace
}  // namespace flashbid::testing
