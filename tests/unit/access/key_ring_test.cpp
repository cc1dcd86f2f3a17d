#include "access/key_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "access/token_checker.hpp"
#include "unit/access/fault_matchers.hpp"
#include "unit/access/https_server.hpp"

namespace flashbid::access {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr std::string_view other_secret = "another secret, of 32 bytes ....";

// Until it holds; a minute is for ever.
template <class Holds>
bool eventually(Holds holds) {
  for (int i = 0; i < 12'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

class Warnings {
 public:
  [[nodiscard]] std::function<void(const std::string&)> listener() {
    return [this](const std::string& sentence) {
      const std::scoped_lock lock(mutex_);
      heard_.push_back(sentence);
    };
  }
  [[nodiscard]] std::vector<std::string> heard() const {
    const std::scoped_lock lock(mutex_);
    return heard_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
};

class KeyFileRing : public ::testing::Test {
 protected:
  // In place, as an editor does it.
  void write(std::string_view text) const { std::ofstream(path()) << text; }
  // Beside it, then in its place.
  void replace(std::string_view text) const {
    std::ofstream(path() + ".new") << text;
    std::filesystem::rename(path() + ".new", path());
  }
  [[nodiscard]] std::string path() const { return (folder_.path() / "key").string(); }
  [[nodiscard]] KeyRingOptions options() {
    KeyRingOptions made;
    made.source = path();
    made.look_every = {2};
    made.warn = warnings_.listener();
    return made;
  }

  flashbid::testing::TemporaryFolder folder_;
  Warnings warnings_;
};

TEST_F(KeyFileRing, KeysChangeWithTheFile) {
  write(secret);
  const auto ring = KeyRing::open(options());
  ASSERT_TRUE(ring) << ring.error().detail;
  TokenChecker checker(**ring, {});
  const std::string old = hs256(plain_header, plain_claims), fresh = hs256(plain_header, plain_claims, other_secret);
  EXPECT_TRUE(accepts(checker.check(old, noon)));
  EXPECT_TRUE(refuses(checker.check(fresh, noon), TokenFault::bad_signature));
  replace(jwks(oct_members(), oct_members(other_secret)));
  ASSERT_TRUE(eventually([&] { return checker.check(fresh, noon).has_value(); }));
  EXPECT_TRUE(accepts(checker.check(old, noon)));
  EXPECT_EQ((*ring)->degraded(), "");
  EXPECT_THAT(warnings_.heard(), ::testing::IsEmpty());
  // Looks come so fast here that one may meet the file while it is empty: that changes nothing.
  write(other_secret);
  ASSERT_TRUE(eventually([&] { return !checker.check(old, noon); }));
  EXPECT_TRUE(accepts(checker.check(fresh, noon)));
  EXPECT_TRUE(eventually([&] { return (*ring)->degraded().empty(); }));
}

// As a secret of Kubernetes is changed: the file is behind a link, and the link moves.
TEST_F(KeyFileRing, KeysChangeWithTheLink) {
  const auto target = [this](const char* name, std::string_view text) {
    std::ofstream(folder_.path() / name) << text;
    std::filesystem::create_symlink(name, path() + ".link");
    std::filesystem::rename(path() + ".link", path());
  };
  target("one", secret);
  const auto ring = KeyRing::open(options());
  ASSERT_TRUE(ring);
  TokenChecker checker(**ring, {});
  target("two", other_secret);
  const std::string fresh = hs256(plain_header, plain_claims, other_secret);
  EXPECT_TRUE(eventually([&] { return checker.check(fresh, noon).has_value(); }));
}

TEST_F(KeyFileRing, BadFileLeavesTheKeysAndIsToldOnce) {
  write(secret);
  const auto ring = KeyRing::open(options());
  ASSERT_TRUE(ring);
  const std::uint64_t generation = (*ring)->generation();
  replace("too short");
  ASSERT_TRUE(eventually([&] { return !(*ring)->degraded().empty(); }));
  EXPECT_THAT((*ring)->degraded(), HasSubstr("at least 32 bytes, and this one 9"));
  EXPECT_THAT((*ring)->degraded(), HasSubstr("the keys of tokens stay as they were: " + path()));
  std::filesystem::remove(path());
  ASSERT_TRUE(eventually([&] { return warnings_.heard().size() == 2; }));
  EXPECT_THAT((*ring)->degraded(), HasSubstr("cannot be read: No such file"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(warnings_.heard().size(), 2U);
  EXPECT_EQ((*ring)->generation(), generation);
  TokenChecker checker(**ring, {});
  EXPECT_TRUE(accepts(checker.check(hs256(plain_header, plain_claims), noon)));
  // The same text again: all is well, and no token has to be verified anew.
  replace(secret);
  EXPECT_TRUE(eventually([&] { return (*ring)->degraded().empty(); }));
  EXPECT_EQ((*ring)->generation(), generation);
}

TEST_F(KeyFileRing, KeyThatIsPassedOverIsTold) {
  write(jwks(ec_members(ec()), R"("kty":"x")"));
  ASSERT_TRUE(KeyRing::open(options()));
  EXPECT_THAT(warnings_.heard(), ::testing::ElementsAre(path() + ": key 2 of it is not used: its kty is \"x\""));
}

TEST_F(KeyFileRing, OpensOnlyWithGoodKeys) {
  const auto refusal = [this](const std::string& source) {
    auto asked = options();
    asked.source = source;
    const auto ring = KeyRing::open(std::move(asked));
    return ring ? "" : ring.error().detail;
  };
  EXPECT_THAT(refusal(path()), HasSubstr(path() + ": it cannot be read: No such file"));
  write("short");
  EXPECT_THAT(refusal(path()), HasSubstr(path() + ": a secret for tokens has at least 32 bytes"));
  EXPECT_THAT(refusal(folder_.path().string()), HasSubstr("it is not a file"));
  ASSERT_EQ(::mkfifo((path() + ".pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(path() + ".pipe"), HasSubstr("it is not a file"));
  EXPECT_THAT(refusal("/dev/zero"), HasSubstr("it is not a file"));
  for (const std::string url :
       {"http://127.0.0.1/jwks", "HTTPS://127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/hostname"}) {
    EXPECT_THAT(refusal(url), HasSubstr("begins with https://")) << url;
  }
  EXPECT_THAT(refusal("https://user:word@127.0.0.1/"), HasSubstr("no user and no password"));
  EXPECT_THAT(refusal("https://"), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal("https://127.0.0.1/\n"), HasSubstr("plain ASCII"));
}

// Half of a file that is being written is not read: it has to stay as it is for a look.
TEST_F(KeyFileRing, FileIsReadWhenItHasSettled) {
  write(secret);
  WatchedFile file(path());
  ASSERT_EQ(file.read().value(), secret);
  EXPECT_EQ(file.look().value(), std::nullopt);
  write("half");
  EXPECT_EQ(file.look().value(), std::nullopt);
  write("the whole");
  EXPECT_EQ(file.look().value(), std::nullopt);
  EXPECT_EQ(file.look().value(), "the whole");
  EXPECT_EQ(file.look().value(), std::nullopt);
  std::filesystem::remove(path());
  EXPECT_FALSE(file.look());
  EXPECT_FALSE(file.look());
  write("the whole");
  EXPECT_EQ(file.look().value(), std::nullopt);
  EXPECT_EQ(file.look().value(), "the whole");
}

class KeyUrlRing : public ::testing::Test {
 protected:
  [[nodiscard]] KeyRingOptions options() {
    KeyRingOptions made;
    made.source = server_.url();
    made.ca_file = server_.ca_file();
    made.fetch_every = {3'600'000};
    made.least_pause = {1};
    made.warn = warnings_.listener();
    return made;
  }
  [[nodiscard]] std::string refusal(KeyRingOptions asked) {
    const auto ring = KeyRing::open(std::move(asked));
    return ring ? "" : ring.error().detail;
  }

  HttpsServer server_;
  Warnings warnings_;
};

std::string es256_with(std::string_view id) {
  return signed_by(ec(), Algorithm::es256, R"({"alg":"ES256","kid":")" + std::string(id) + "\"}", plain_claims);
}

TEST_F(KeyUrlRing, UnknownKeyIsAskedFor) {
  server_.answer(jwks(ed_members(ed()) + R"(,"kid":"old")"));
  const auto ring = KeyRing::open(options());
  ASSERT_TRUE(ring) << ring.error().detail;
  TokenChecker checker(**ring, {});
  EXPECT_EQ(server_.requests(), 1);
  server_.answer(jwks(ed_members(ed()) + R"(,"kid":"old")", ec_members(ec()) + R"(,"kid":"new")"));
  EXPECT_TRUE(refuses(checker.check(es256_with("new"), noon), TokenFault::no_key));
  EXPECT_TRUE(eventually([&] { return checker.check(es256_with("new"), noon).has_value(); }));
}

TEST_F(KeyUrlRing, UnknownKeysAreAskedForOnceInAPause) {
  server_.answer(jwks(ec_members(ec()) + R"(,"kid":"a")"));
  auto asked = options();
  asked.least_pause = {3'600'000};
  const auto ring = KeyRing::open(std::move(asked));
  ASSERT_TRUE(ring);
  TokenChecker checker(**ring, {});
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(refuses(checker.check(es256_with("x" + std::to_string(i)), noon), TokenFault::no_key));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(server_.requests(), 1);
}

TEST_F(KeyUrlRing, IsFetchedAgainAndKeepsItsKeysWhenThatFails) {
  server_.answer(jwks(ec_members(ec()) + R"(,"kid":"a")"));
  auto asked = options();
  asked.fetch_every = {2};
  asked.first_retry = {1};
  const auto ring = KeyRing::open(std::move(asked));
  ASSERT_TRUE(ring);
  TokenChecker checker(**ring, {});
  ASSERT_TRUE(eventually([&] { return server_.requests() > 3; }));
  EXPECT_EQ((*ring)->generation(), 2U);  // the same text each time
  server_.answer("", "500 Oh");
  ASSERT_TRUE(eventually([&] { return !(*ring)->degraded().empty(); }));
  EXPECT_THAT((*ring)->degraded(), HasSubstr("answered with 500, not 200"));
  EXPECT_TRUE(accepts(checker.check(es256_with("a"), noon)));
  server_.answer(jwks(oct_members()));
  ASSERT_TRUE(eventually([&] { return (*ring)->degraded().find("a secret") != std::string::npos; }));
  EXPECT_TRUE(accepts(checker.check(es256_with("a"), noon)));
  server_.answer(jwks(ec_members(ec()) + R"(,"kid":"b")"));
  ASSERT_TRUE(eventually([&] { return checker.check(es256_with("b"), noon).has_value(); }));
  EXPECT_TRUE(refuses(checker.check(es256_with("a"), noon), TokenFault::no_key));
  EXPECT_TRUE(eventually([&] { return (*ring)->degraded().empty(); }));
}

TEST_F(KeyUrlRing, OpensOnlyWithKeysFromAServerThatIsTrusted) {
  server_.answer(jwks(ec_members(ec())));
  auto untrusted = options();
  untrusted.ca_file.clear();
  EXPECT_THAT(refusal(untrusted), HasSubstr("certificate"));
  HttpsServer other;  // with the same name, and another key
  auto mistaken = options();
  mistaken.ca_file = other.ca_file();
  EXPECT_THAT(refusal(mistaken), HasSubstr("certificate"));
  HttpsServer elsewhere("IP:127.0.0.2");
  elsewhere.answer(jwks(ec_members(ec())));
  auto misnamed = options();
  misnamed.source = elsewhere.url();
  misnamed.ca_file = elsewhere.ca_file();
  EXPECT_THAT(refusal(misnamed), HasSubstr("127.0.0.1"));
  EXPECT_EQ(other.requests() + elsewhere.requests() + server_.requests(), 0);
  EXPECT_EQ(refusal(options()), "");
}

TEST_F(KeyUrlRing, WhatIsAnsweredIsBounded) {
  auto asked = options();
  asked.source += "?key=hidden";
  server_.answer(jwks(ec_members(ec())), "404 Not Found");
  EXPECT_THAT(refusal(asked), HasSubstr("/jwks.json: it was answered with 404, not 200"));
  EXPECT_THAT(refusal(asked), ::testing::Not(HasSubstr("hidden")));
  server_.answer(std::string(256 * 1024, ' ') + jwks(ec_members(ec())));
  EXPECT_THAT(refusal(asked), HasSubstr("longer than 262144 bytes"));
  const std::atomic<bool> stop{false};
  EXPECT_FALSE(fetch({.url = server_.url(), .ca_file = server_.ca_file(), .most_bytes = 256 * 1024}, stop));
  server_.answer(std::string(1'000, ' '));
  EXPECT_TRUE(fetch({.url = server_.url(), .ca_file = server_.ca_file(), .most_bytes = 1'000}, stop));
  EXPECT_FALSE(fetch({.url = server_.url(), .ca_file = server_.ca_file(), .most_bytes = 999}, stop));
  server_.answer(public_pem(ec()));
  EXPECT_THAT(refusal(asked), HasSubstr("no JSON object"));
  server_.answer_nothing();
  asked.fetch_timeout = {50};
  EXPECT_THAT(refusal(asked), HasSubstr("timed out"));
  for (const std::string to : {"http://127.0.0.1:1/", "file:///etc/hostname", "ftp://127.0.0.1/"}) {
    server_.answer("", "302 Found\r\nLocation: " + to);
    EXPECT_THAT(refusal(options()), HasSubstr("rotocol")) << to;
  }
  server_.answer("", "302 Found\r\nLocation: " + server_.url());
  EXPECT_THAT(refusal(options()), HasSubstr("redirects"));
}

// A server that does not answer does not hold up the end.
TEST_F(KeyUrlRing, EndsInTheMiddleOfAFetch) {
  server_.answer(jwks(ec_members(ec())));
  auto asked = options();
  asked.fetch_every = {1};
  asked.fetch_timeout = {3'600'000};
  auto ring = KeyRing::open(std::move(asked));
  ASSERT_TRUE(ring);
  server_.answer_nothing();
  ASSERT_TRUE(eventually([&] { return server_.is_silent(); }));
  ring->reset();
}

}  // namespace
}  // namespace flashbid::access
