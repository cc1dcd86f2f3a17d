#include "client/url.hpp"

#include <gtest/gtest.h>

namespace flashbid::client {
namespace {

TEST(Url, ReadsHostAndPort) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
    const char* authority;
  };
  for (const Case& c :
       {Case{"http://127.0.0.1:8080", "127.0.0.1", "8080", "127.0.0.1:8080"},
        Case{"http://localhost/", "localhost", "80", "localhost:80"}, Case{"http://[::1]:99/", "::1", "99", "[::1]:99"},
        Case{"http://[::1]", "::1", "80", "[::1]:80"}}) {
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->authority(), c.authority);
  }
}

TEST(Url, RefusesTheRestAndSaysWhatWouldBeRight) {
  for (const char* text : {"", "127.0.0.1:8080", "https://a", "http://", "http://:80", "http://a:0", "http://a:65536",
                           "http://a:b", "http://a/b", "http://u@a", "http://[::1", "http://[::1]x:1", "ws://a"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().detail.find("http://127.0.0.1:8080"), std::string::npos) << url.error().detail;
  }
}

}  // namespace
}  // namespace flashbid::client
