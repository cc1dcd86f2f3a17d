// Certificates as the server holds them: what is refused at the start, and what becomes of files that change.
#include "server/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/certificates.hpp"
#include "support/served_loop.hpp"
#include "support/tls_client.hpp"

namespace flashbid::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CertificateTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return made.file(name); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }
  [[nodiscard]] std::string refusal(const std::string& certificate, const std::string& key) const {
    const auto loaded = Certificate::load({file(certificate), file(key)});
    return loaded ? "" : loaded.error().detail;
  }
  static std::vector<std::string> degraded(const Certificate& certificate) {
    std::vector<std::string> told;
    certificate.add_degraded(told);
    return told;
  }
  template <class Condition>
  static bool wait_until(Condition holds) {
    for (int i = 0; i < 5'000 && !holds(); ++i) std::this_thread::sleep_for(milliseconds{2});
    return holds();
  }

  flashbid::testing::Certificates made;
};

TEST_F(CertificateTest, WhatCannotBeUsedIsNamedWithItsFile) {
  EXPECT_THAT(refusal("server.pem", "server.key"), IsEmpty());
  EXPECT_THAT(refusal("nothing.pem", "server.key"),
              AllOf(HasSubstr("--tls-cert"), HasSubstr(file("nothing.pem")), HasSubstr("No such file")));
  EXPECT_THAT(refusal("server.pem", "nothing.key"),
              AllOf(HasSubstr("--tls-key"), HasSubstr(file("nothing.key")), HasSubstr("No such file")));
  EXPECT_THAT(refusal("server.key", "server.key"), HasSubstr("no certificate in PEM"));
  EXPECT_THAT(refusal("server.pem", "server.pem"), HasSubstr("no private key in PEM"));
  EXPECT_THAT(refusal("server.pem", "other.key"), HasSubstr("does not fit the certificate in " + file("server.pem")));
  made.openssl("pkey -in " + file("server.key") + " -aes256 -passout pass:x -out " + file("locked.key"));
  EXPECT_THAT(refusal("server.pem", "locked.key"), HasSubstr("is encrypted"));
  std::string chain;
  std::getline(std::ifstream(file("server.pem")), chain, '\0');
  write("cut.pem", chain + "-----BEGIN CERTIFICATE-----\nMIIB\n");
  EXPECT_THAT(refusal("cut.pem", "server.key"), HasSubstr("a certificate of its chain"));
  write("long.pem", std::string(2'000'000, 'x'));
  EXPECT_THAT(refusal("long.pem", "server.key"), HasSubstr("too long"));
  EXPECT_THAT(refusal("", "server.key"), HasSubstr("--tls-cert"));
}

TEST_F(CertificateTest, NamesItsHosts) {
  const auto certificate = Certificate::load({file("server.pem"), file("server.key")}).value();
  EXPECT_TRUE(certificate->names("localhost"));
  EXPECT_TRUE(certificate->names("127.0.0.1"));
  for (const char* host : {"", "elsewhere.example", "127.0.0.2", "::1", "localhost.elsewhere.example"}) {
    EXPECT_FALSE(certificate->names(host)) << host;
  }
}

TEST_F(CertificateTest, AnExpiredOneIsUsedAndTold) {
  made.certificate("late", "DNS:localhost", "-days -1");
  const auto certificate = Certificate::load({file("late.pem"), file("late.key")});
  ASSERT_TRUE(certificate);
  EXPECT_THAT(degraded(**certificate), ElementsAre(HasSubstr("expired at")));
  EXPECT_THAT(degraded(*Certificate::load({file("server.pem"), file("server.key")}).value()), IsEmpty());
}

TEST_F(CertificateTest, NewConnectionsGetTheNewOneAndOldOnesGoOn) {
  ServerOptions options;
  options.certificate = Certificate::load({file("server.pem"), file("server.key")}, milliseconds{5}).value();
  ServedLoop served(quick_limits(), options);
  TlsClient old(served.port(), {});
  ASSERT_TRUE(old.connected());
  const auto name = [&] {
    const TlsClient client(served.port(), {});
    std::array<char, 200> text{};
    return std::string(X509_NAME_oneline(X509_get_subject_name(SSL_get0_peer_certificate(client.ssl())), text.data(),
                                         static_cast<int>(text.size())));
  };
  EXPECT_EQ(name(), "/CN=server");
  made.replace("server", "other");
  EXPECT_TRUE(wait_until([&] { return name() == "/CN=other"; }));
  old.send(get("/healthz"));
  EXPECT_EQ(old.response().status, 200);
}

// What is logged while it lives. Made before the threads that log, ended after them.
class Log {
 public:
  Log() { spdlog::default_logger()->sinks().push_back(sink_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { spdlog::default_logger()->sinks().pop_back(); }
  [[nodiscard]] std::vector<std::string> lines() const { return sink_->last_formatted(); }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(64);
};

TEST_F(CertificateTest, ABadNewPairKeepsTheOldOneUntilAGoodOneComes) {
  const Log log;
  const auto certificate = Certificate::load({file("server.pem"), file("server.key")}, milliseconds{5}).value();
  const auto is_in_use = [&](const std::string& host) { return certificate->names(host); };
  std::filesystem::copy_file(file("other.pem"), file("server.pem"), std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(wait_until([&] { return !degraded(*certificate).empty(); }));
  EXPECT_THAT(degraded(*certificate),
              ElementsAre(AllOf(HasSubstr("the old one stays; the log says why"), Not(HasSubstr(file("server"))))));
  EXPECT_THAT(log.lines(), Contains(AllOf(HasSubstr("does not fit"), HasSubstr(file("server")))));
  EXPECT_TRUE(is_in_use("localhost"));
  Exposition told;
  certificate->add_metrics(told);
  EXPECT_THAT(told.text(), HasSubstr("flashbid_tls_certificate_refused 1"));
  std::filesystem::remove(file("server.key"));
  EXPECT_TRUE(wait_until([&] {
    return std::ranges::any_of(log.lines(), [](const std::string& line) { return line.contains("No such file"); });
  }));
  EXPECT_EQ(degraded(*certificate).size(), 1U);
  EXPECT_TRUE(is_in_use("localhost"));
  std::filesystem::copy_file(file("other.key"), file("server.key"));
  EXPECT_TRUE(wait_until([&] { return degraded(*certificate).empty(); }));
  EXPECT_TRUE(is_in_use("elsewhere.example"));
  EXPECT_FALSE(is_in_use("localhost"));
}

TEST_F(CertificateTest, FilesThatAreStillChangingAreLeftAlone) {
  const auto certificate = Certificate::load({file("server.pem"), file("server.key")}, milliseconds{500}).value();
  // Looked at twice and more meanwhile, and never the same two times in a row.
  for (int i = 0; i < 60; ++i) {
    std::filesystem::copy_file(file("other.pem"), file("server.pem"),
                               std::filesystem::copy_options::overwrite_existing);
    std::this_thread::sleep_for(milliseconds{20});
  }
  std::filesystem::copy_file(file("other.key"), file("server.key"), std::filesystem::copy_options::overwrite_existing);
  bool was_degraded = false;
  EXPECT_TRUE(wait_until([&] {
    was_degraded = was_degraded || !degraded(*certificate).empty();
    return certificate->names("elsewhere.example");
  }));
  EXPECT_FALSE(was_degraded);
}

}  // namespace
}  // namespace flashbid::test
