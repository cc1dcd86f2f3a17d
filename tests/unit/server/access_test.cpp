#include "server/access.hpp"

#include <gtest/gtest.h>

namespace flashbid {
namespace {

HttpRequest request_with(HttpField field, std::string_view value) {
  HttpRequest request;
  request.fields[static_cast<std::size_t>(HttpField::host)] = "127.0.0.1:8080";
  request.fields[static_cast<std::size_t>(field)] = value;
  return request;
}

TEST(Access, LoopbackHosts) {
  for (const char* host :
       {"localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:8080", "127.1.2.3:65535", "[::1]", "[::1]:0"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "evil", "localhost.evil", "127.0.0.1.evil", "127.0.0", "127.0.0.1.1", "127.0.0.256",
                           "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "[::1", "[::2]", "::1", "10.0.0.1",
                           "1127.0.0.1", "127.0.0.1:80:80", "localhost:-1", "127..0.1"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Access, InsideTlsTheServersOwnPagesAreHttps) {
  const AccessOptions options{.dev = true, .tls = true};
  Traffic traffic;
  Access access(options, traffic);
  EXPECT_FALSE(access.check(request_with(HttpField::origin, "https://127.0.0.1:8080")));
  EXPECT_TRUE(access.check(request_with(HttpField::origin, "http://127.0.0.1:8080")));
}

TEST(Access, AForeignHostOrOriginIsRefusedAlsoAfterAGoodOne) {
  const AccessOptions options{.dev = true};
  Traffic traffic;
  Access access(options, traffic);
  EXPECT_FALSE(access.check(request_with(HttpField::accept, "x")));
  const auto host = access.check(request_with(HttpField::host, "evil.example"));
  ASSERT_TRUE(host);
  EXPECT_EQ(host->code, ErrorCode::host_not_allowed);
  EXPECT_TRUE(access.check(request_with(HttpField::host, "evil.example"))) << "a refused host must not be remembered";
  EXPECT_FALSE(access.check(request_with(HttpField::origin, "http://127.0.0.1:8080")));
  for (const char* origin : {"", "null", "http://127.0.0.1", "https://127.0.0.1:8080", "http://evil.example",
                             "http://127.0.0.1:8080.evil.example", "http://localhost:8080"}) {
    const auto refused = access.check(request_with(HttpField::origin, origin));
    ASSERT_TRUE(refused) << origin;
    EXPECT_EQ(refused->code, ErrorCode::origin_not_allowed);
  }
}

TEST(Access, ContentTypes) {
  for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json ;charset=UTF-8", "application/json;charset=\"utf-8\""}) {
    EXPECT_TRUE(is_json(request_with(HttpField::content_type, type))) << type;
  }
  for (const char* type : {"", "text/json", "application/jsonx", "application/json; charset=utf-16",
                           "application/json, text/plain", "application/json; x=y"}) {
    EXPECT_FALSE(is_json(request_with(HttpField::content_type, type))) << type;
  }
}

TEST(Access, WhoAsks) {
  const AccessOptions options{.dev = true};
  Traffic traffic;
  Access access(options, traffic);
  const auto who = [&](HttpField field, const char* value) {
    return access.caller(request_with(field, value), IpAddress{}, Timestamp{0});
  };
  EXPECT_TRUE(who(HttpField::accept, "x")->bidder.empty());
  EXPECT_EQ(who(HttpField::x_bidder, "Alice")->bidder.view(), "Alice");
  EXPECT_FALSE(who(HttpField::x_bidder, "a b"));
  EXPECT_FALSE(who(HttpField::x_bidder, ""));
  EXPECT_FALSE(access.key(request_with(HttpField::idempotency_key, "")));
}

}  // namespace
}  // namespace flashbid
