#include "redis/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flashbid::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisUrl, ReadsEveryPart) {
  const auto url =
      parse_url("rediss://ann:p%40ss%2F@r1.example:7000,[::1]:7001,r3/2?ca=/a/ca.pem&cert=c.pem&key=k%20.pem");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->user, "ann");
  EXPECT_EQ(url->password, "p@ss/");
  EXPECT_EQ(url->hosts, (std::vector<Address>{{"r1.example", 7000}, {"::1", 7001}, {"r3", 6379}}));
  EXPECT_EQ(url->database, 2U);
  EXPECT_EQ(url->ca_file, "/a/ca.pem");
  EXPECT_EQ(url->cert_file, "c.pem");
  EXPECT_EQ(url->key_file, "k .pem");
  EXPECT_EQ(to_text(*url),
            "rediss://ann:***@r1.example:7000,[::1]:7001,r3:6379/2?ca=/a/ca.pem&cert=c.pem&key=k%20.pem");
}

TEST(RedisUrl, ReadsSentinels) {
  const auto url = parse_url("redis+sentinel://:secret@s1,s2:26380/mymaster/3");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->hosts, (std::vector<Address>{{"s1", 26379}, {"s2", 26380}}));
  EXPECT_EQ(url->sentinel_name, "mymaster");
  EXPECT_EQ(url->database, 3U);
  EXPECT_EQ(url->password, "secret");
  EXPECT_EQ(to_text(*url), "redis+sentinel://:***@s1:26379,s2:26380/mymaster/3");
}

TEST(RedisUrl, WhatCannotWorkIsRefusedInOneLineWithoutThePassword) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "does not begin with redis://"},
      {"http://secret@h", "does not begin with redis://"},
      {"redis://", "host name"},
      {"redis://u:secret@", "host name"},
      {"redis://h,", "host name"},
      {"redis://u:secret@h:0", "port"},
      {"redis://u:secret@h:65536", "port"},
      {"redis://user:secret", "port"},
      {"redis://u:sec?ret@h", "write %3F"},
      {"redis://u:sec#ret@h", "%23"},
      {"redis://u:sec/ret@h", "write %2F"},
      {"redis://u:sec@ret@h", "write %40"},
      {"redis://u:sec%zzret@h", "two hex digits"},
      {"redis://u:secret%@h", "two hex digits"},
      {"redis://u@h", "without a password"},
      {"redis://::1", "brackets"},
      {"redis://[::1", "close"},
      {"redis://[::1]6379", "behind ]"},
      {"redis://h h", "host name"},
      {"redis://h/x", "a database is a number"},
      {"redis://h/-1", "a database is a number"},
      {"redis+sentinel://h", "which primary"},
      {"redis+sentinel://h/", "which primary"},
      {"rediss://h?cert=c", "go together"},
      {"rediss://h?ca=", "without a file name"},
      {"rediss://h?nonsense=1", "there are ca, cert and key"},
      {"redis://h?ca=x", "write rediss://"},
  };
  for (const auto& [text, what] : cases) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().failure, Failure::invalid) << text;
    EXPECT_THAT(url.error().detail, HasSubstr(what)) << text;
    EXPECT_THAT(url.error().detail, Not(HasSubstr("\n"))) << text;
    for (const char* secret : {"secret", "sec", "ret"}) EXPECT_THAT(url.error().detail, Not(HasSubstr(secret))) << text;
  }
}

}  // namespace
}  // namespace flashbid::redis
