// TLS and ACL users against a real server: certificates are verified, names are checked, logins are used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_loop.hpp"
#include "support/certificates.hpp"
#include "support/redis_cluster.hpp"

namespace flashbid::redis {
namespace {

using namespace std::chrono_literals;
using flashbid::testing::Certificates;
using flashbid::testing::redis_cli;
using flashbid::testing::RedisServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RedisTlsTest : public ::testing::Test {
 protected:
  // Turns TLS on at another port of a server, with that certificate; the port.
  int listen(const std::string& name, bool wants_client_certificate) {
    const int port = flashbid::testing::free_port();
    for (const auto& [setting, value] : std::vector<std::pair<std::string, std::string>>{
             {"tls-auth-clients", wants_client_certificate ? "yes" : "no"}}) {
      EXPECT_EQ(redis_cli(server.port(), {"CONFIG", "SET", setting, value}), "OK");
    }
    EXPECT_EQ(
        redis_cli(server.port(), {"CONFIG", "SET", "tls-cert-file", certificates.file(name + ".pem"), "tls-key-file",
                                  certificates.file(name + ".key"), "tls-ca-cert-file", certificates.file("ca.pem")}),
        "OK");
    EXPECT_EQ(redis_cli(server.port(), {"CONFIG", "SET", "tls-port", std::to_string(port)}), "OK");
    return port;
  }
  static Result<void> start(const std::string& url) {
    Options options = ClientLoop::options_for(url);
    options.retry_for = 500ms;
    options.connect_timeout = 1s;
    ClientLoop loop(std::move(options));
    auto started = loop.start();
    if (started) EXPECT_EQ(text_of(loop.run({"SET", "a", std::string(1'000'000, 'x')})), "OK");
    if (started) EXPECT_EQ(text_of(loop.run({"STRLEN", "a"})), "1000000");
    return started;
  }

  Certificates certificates;
  RedisServer server;
};

TEST_F(RedisTlsTest, WorksWithACertificateThatIsRight) {
  const std::string port = std::to_string(listen("server", false));
  const std::string ca = "?ca=" + certificates.file("ca.pem");
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto started = start("rediss://" + std::string(host) + ":" + port + ca);
    EXPECT_TRUE(started) << started.error().detail;
  }
}

TEST_F(RedisTlsTest, RefusesAnAuthorityThatItDoesNotKnow) {
  const std::string port = std::to_string(listen("server", false));
  for (const std::string& ca : {std::string(), "?ca=" + certificates.file("stranger.pem")}) {
    const auto started = start("rediss://127.0.0.1:" + port + ca);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().failure, Failure::invalid);
    EXPECT_THAT(started.error().detail, HasSubstr("certificate is refused"));
  }
}

TEST_F(RedisTlsTest, RefusesACertificateOfAnotherName) {
  const std::string port = std::to_string(listen("other", false));
  const auto started = start("rediss://127.0.0.1:" + port + "?ca=" + certificates.file("ca.pem"));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().failure, Failure::invalid);
  EXPECT_THAT(started.error().detail, HasSubstr("certificate is refused"));
}

TEST_F(RedisTlsTest, ShowsItsOwnCertificate) {
  const std::string port = std::to_string(listen("server", true));
  const std::string ca = "?ca=" + certificates.file("ca.pem");
  EXPECT_FALSE(start("rediss://127.0.0.1:" + port + ca));
  const auto started = start("rediss://127.0.0.1:" + port + ca + "&cert=" + certificates.file("server.pem") +
                             "&key=" + certificates.file("server.key"));
  EXPECT_TRUE(started) << started.error().detail;
}

TEST_F(RedisTlsTest, SaysWhichFileCannotBeUsed) {
  const auto started = start("rediss://127.0.0.1:1?ca=/nowhere/ca.pem");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().failure, Failure::invalid);
  EXPECT_THAT(started.error().detail, HasSubstr("the CA file /nowhere/ca.pem cannot be used"));
}

TEST(RedisAcl, LogsInAndSaysWhatIsNotPermitted) {
  RedisServer server;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  ASSERT_EQ(redis_cli(server.port(), {"ACL", "SETUSER", "ann", "on", ">p@ss", "~a*", "+@all", "-config"}), "OK");
  ClientLoop loop("redis://ann:p%40ss@" + address + "/3");
  ASSERT_TRUE(loop.start());
  EXPECT_EQ(text_of(loop.run({"SET", "a", "1"})), "OK");
  EXPECT_EQ(redis_cli(server.port(), {"-n", "3", "GET", "a"}), "1");
  EXPECT_THAT(text_of(loop.run({"SET", "b", "1"})),
              AllOf(StartsWith("unavailable: "), HasSubstr("widen the user's ACL")));
}

TEST(RedisAcl, AWrongPasswordEndsTheStartAtOnceAndIsNotShown) {
  RedisServer server;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  ASSERT_EQ(redis_cli(server.port(), {"ACL", "SETUSER", "ann", "on", ">right", "~*", "+@all"}), "OK");
  ClientLoop wrong("redis://ann:wrongly@" + address);
  const auto started = wrong.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().failure, Failure::invalid);
  EXPECT_THAT(started.error().detail, HasSubstr("refuses the user and password"));
  EXPECT_THAT(started.error().detail, Not(HasSubstr("wrongly")));
  ASSERT_EQ(redis_cli(server.port(), {"ACL", "SETUSER", "default", "resetpass", ">needed"}), "OK");
  ClientLoop none("redis://" + address);
  const auto refused = none.start();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("wants a password"));
}

TEST(RedisAcl, ADatabaseThatIsNotThereIsSaidSo) {
  RedisServer server;
  ClientLoop loop(server.url() + "/99");
  const auto started = loop.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().detail, HasSubstr("refuses database 99"));
}

}  // namespace
}  // namespace flashbid::redis
