#include "relay/webhook/webhook_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "support/auction_script.hpp"
#include "support/free_port.hpp"
#include "support/temporary_folder.hpp"
#include "unit/relay/webhook_receiver.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class WebhookDelivery : public ::testing::Test {
 protected:
  WebhookDelivery() {
    batch_.records = script_.create(script_start, key_use(Operation::create, "Seller", "hidden-key", "x"));
    for (int i = 0; i < 4; ++i) {
      batch_.records = std::move(batch_.records) + script_.bid(i % 2 == 0 ? "Alice" : "Bob", 1000 + 100 * i);
    }
    batch_.records.resize(5);
    options_ = {.url = receiver_.url(),
                .secrets = {std::string(secret)},
                .dead_letters = letters_.string(),
                .ledger = "redis",
                .shards = 16,
                .tries = 3,
                .timeout = Duration{5'000},
                .allow_private = true};
  }

  void open() {
    sink_.reset();
    auto opened = WebhookSink::open(options_, {.now = [this] { return now_; },
                                               .steady_ms = [this] { return steady_ms_; },
                                               .random = [this] { return random_; }});
    ASSERT_TRUE(opened) << opened.error().detail;
    sink_ = std::move(*opened);
  }
  Result<Stored> store(std::uint64_t shard = 3) { return sink_->store({.shard = shard}, batch_); }
  // What the failure says, which is that it comes again.
  std::string trouble(std::uint64_t shard = 3) {
    const auto stored = store(shard);
    if (stored) return "none";
    EXPECT_EQ(stored.error().failure, Failure::unavailable);
    return stored.error().detail;
  }
  std::string refusal() {
    const auto opened = WebhookSink::open(options_);
    return opened ? "none" : opened.error().detail;
  }
  std::vector<std::string> lines() const {
    std::ifstream file(letters_);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }
  std::vector<std::string> sent() const {
    std::vector<std::string> ids;
    for (const Request& request : receiver_.requests()) ids.push_back(request.headers.at("webhook-id"));
    return ids;
  }

  TemporaryFolder folder_;
  std::filesystem::path letters_ = folder_.path() / "dead.jsonl";
  WebhookReceiver receiver_;
  AuctionScript script_{7};
  SourceBatch batch_;
  WebhookOptions options_;
  Timestamp now_{1'614'265'330'123};
  std::int64_t steady_ms_ = 1'000'000;
  double random_ = 0.5;
  std::unique_ptr<WebhookSink> sink_;
};

TEST_F(WebhookDelivery, ARequestIsSignedAndHoldsNothingHidden) {
  options_.user_agent = "flashbid/9";
  open();
  const auto stored = store();
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_EQ(stored->dead_letters, 0U);
  const auto requests = receiver_.requests();
  ASSERT_EQ(requests.size(), 1U);
  const Request& request = requests.front();
  EXPECT_EQ(request.line, "POST /hook HTTP/1.1");
  EXPECT_EQ(request.body, encode_envelopes({"redis", 16, 3}, batch_.records));
  EXPECT_THAT(request.body, Not(HasSubstr("hidden-key")));
  EXPECT_EQ(request.headers.at("content-type"), "application/cloudevents-batch+json");
  EXPECT_EQ(request.headers.at("user-agent"), "flashbid/9");
  EXPECT_EQ(request.headers.at("webhook-id"), "7-1-1_7-1-5");
  EXPECT_EQ(request.headers.at("webhook-timestamp"), "1614265330");
  EXPECT_EQ(request.headers.at("webhook-signature"),
            webhook::sign({*webhook::key_of_secret(secret)}, "7-1-1_7-1-5", "1614265330", request.body));
}

TEST_F(WebhookDelivery, ALongBatchIsSeveralRequestsInOrderOnOneConnection) {
  options_.batch = 2;
  open();
  ASSERT_TRUE(store());
  EXPECT_THAT(sent(), ElementsAre("7-1-1_7-1-2", "7-1-3_7-1-4", "7-1-5_7-1-5"));
  EXPECT_EQ(receiver_.connections(), 1U);
  ASSERT_TRUE(store());
  EXPECT_EQ(sent().size(), 3U) << "the same batch is stored already";
}

TEST_F(WebhookDelivery, TheNextRequestLeavesOnlyAfterSuccess) {
  options_.batch = 2;
  open();
  receiver_.answer({"200 OK", "500 x"});
  EXPECT_THAT(trouble(), HasSubstr("answered 500"));
  steady_ms_ += 10'000;
  ASSERT_TRUE(store());
  EXPECT_THAT(sent(), ElementsAre("7-1-1_7-1-2", "7-1-3_7-1-4", "7-1-3_7-1-4", "7-1-5_7-1-5"));
  EXPECT_EQ(sink_->retries(), 1U);
}

TEST_F(WebhookDelivery, APauseGrowsAndNothingIsSentWhileItLasts) {
  options_.tries = 100;
  open();
  receiver_.answer(std::deque<std::string>(11, "500 x"));
  for (const std::int64_t pause_ms :
       {500, 1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 64'000, 128'000, 150'000, 150'000}) {
    const std::size_t before = sent().size();
    EXPECT_THAT(trouble(), HasSubstr("answered 500"));
    steady_ms_ += pause_ms - 1;
    EXPECT_THAT(trouble(), HasSubstr("times of 100, the next in 1 s"));
    EXPECT_EQ(sent().size(), before + 1);
    steady_ms_ += 1;
  }
  EXPECT_TRUE(store());
}

TEST_F(WebhookDelivery, AShardPausesAlone) {
  open();
  receiver_.answer({"500 x"});
  EXPECT_THAT(trouble(3), HasSubstr("answered 500"));
  EXPECT_TRUE(store(4));
  EXPECT_THAT(trouble(3), HasSubstr("tried 1 times of 3"));
}

TEST_F(WebhookDelivery, ARetryHasTheSameIdAndANewTimestamp) {
  open();
  receiver_.answer({"500 x"});
  EXPECT_NE(trouble(), "none");
  steady_ms_ += 10'000;
  now_ = now_ + Duration{10'000};
  ASSERT_TRUE(store());
  const auto requests = receiver_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[1].headers.at("webhook-id"));
  EXPECT_EQ(requests[0].body, requests[1].body);
  EXPECT_EQ(requests[1].headers.at("webhook-timestamp"), "1614265340");
  EXPECT_NE(requests[0].headers.at("webhook-signature"), requests[1].headers.at("webhook-signature"));
}

TEST_F(WebhookDelivery, RetryAfterCountsWithTwoStatusesAndHasABound) {
  const auto left = [&](const std::string& answer) {
    open();
    receiver_.answer({answer});
    EXPECT_NE(trouble(), "none");
    const std::string said = trouble();
    return said.substr(said.rfind("the next in"));
  };
  EXPECT_EQ(left("429 x\r\nretry-after: 70"), "the next in 70 s");
  EXPECT_EQ(left("503 x\r\nretry-after: 71"), "the next in 71 s");
  EXPECT_EQ(left("503 x\r\nretry-after: 100000000"), "the next in 3600 s");
  EXPECT_EQ(left("500 x\r\nretry-after: 70"), "the next in 1 s");
  EXPECT_EQ(left("503 x\r\nretry-after: soon"), "the next in 1 s");
}

TEST_F(WebhookDelivery, AfterTheLastTryEventsAreADeadLetterAndTheShardGoesOn) {
  options_.batch = 2;
  open();
  receiver_.answer({"500 x", "410 Gone", "418 x"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(trouble(), "none");
    EXPECT_THAT(lines(), ElementsAre());
    steady_ms_ += 10'000;
  }
  const auto stored = store();
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_EQ(stored->dead_letters, 2U);
  EXPECT_THAT(sent(), ElementsAre("7-1-1_7-1-2", "7-1-1_7-1-2", "7-1-1_7-1-2", "7-1-3_7-1-4", "7-1-5_7-1-5"));
  const auto first_two = encode_envelopes({"redis", 16, 3}, std::span(batch_.records).first(2));
  EXPECT_THAT(lines(), ElementsAre(R"({"at":"2021-02-25T15:02:10.123Z","url":")" + receiver_.url() +
                                   R"(","reason":"the webhook answered 418","tries":3,"webhook_id":"7-1-1_7-1-2",)" +
                                   R"("events":)" + first_two + "}"));
  struct stat found{};
  ASSERT_EQ(::stat(letters_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U) << "events of customers";
}

TEST_F(WebhookDelivery, WhatCannotBeLeftAsADeadLetterIsTriedAgain) {
  options_.tries = 1;
  open();
  std::filesystem::remove(letters_);
  std::filesystem::create_directory(letters_);
  receiver_.answer({"500 x", "500 x", "500 x"});
  EXPECT_THAT(trouble(), HasSubstr("the dead letters cannot be written"));
  steady_ms_ += 10'000;
  EXPECT_THAT(trouble(), HasSubstr("Is a directory"));
  std::filesystem::remove(letters_);
  steady_ms_ += 10'000;
  const auto stored = store();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->dead_letters, 5U);
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(WebhookDelivery, ADeadLetterBeginsALineOfItsOwnBehindATornOne) {
  options_.tries = 1;
  open();
  std::ofstream(letters_) << R"({"at":"20)";
  receiver_.answer({"500 x"});
  ASSERT_TRUE(store());
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines().front(), R"({"at":"20)");
  EXPECT_THAT(lines().back(), ::testing::StartsWith(R"({"at":"2021-)"));
}

TEST_F(WebhookDelivery, ARestartBeginsTheCountAnew) {
  options_.tries = 2;
  open();
  receiver_.answer({"500 x", "500 x"});
  EXPECT_NE(trouble(), "none");
  open();
  EXPECT_THAT(trouble(), HasSubstr("answered 500"));
  EXPECT_THAT(lines(), ElementsAre());
}

TEST_F(WebhookDelivery, ARedirectIsNotFollowed) {
  WebhookReceiver elsewhere;
  open();
  receiver_.answer({"307 x\r\nlocation: " + elsewhere.url()});
  EXPECT_THAT(trouble(), HasSubstr("answered 307, a redirect, which is not followed"));
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST_F(WebhookDelivery, ASilentReceiverTimesOut) {
  options_.timeout = Duration{200};
  open();
  receiver_.answer({""});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(trouble(), HasSubstr("did not answer: Operation timed out"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(9));
}

TEST_F(WebhookDelivery, NobodyThereIsAFailureThatComesAgain) {
  options_.url = "http://127.0.0.1:" + std::to_string(free_port()) + "/";
  open();
  EXPECT_THAT(trouble(), HasSubstr("did not answer"));
}

// https, for http needs leave as well: the address is refused before anything is said to it.
TEST_F(WebhookDelivery, APrivateAddressIsNotConnectedTo) {
  options_.allow_private = false;
  for (const std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"}) {
    options_.url = "https://" + host + ":" + std::to_string(receiver_.port()) + "/";
    open();
    EXPECT_THAT(trouble(), HasSubstr("and not a public one")) << host;
  }
  EXPECT_EQ(receiver_.connections(), 0U);
}

TEST_F(WebhookDelivery, AProxyOfTheEnvironmentIsNotAsked) {
  WebhookReceiver proxy;
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, proxy.url("").c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  open();
  const auto stored = store();
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  }
  EXPECT_TRUE(stored);
  EXPECT_EQ(proxy.connections(), 0U);
}

TEST_F(WebhookDelivery, WhatCannotWorkIsRefusedAtTheStart) {
  EXPECT_EQ(refusal(), "none");
  const WebhookOptions good = options_;
  const std::pair<const char*, const char*> urls[] = {
      {"https://user:word@example.com/", "no user and no password"},
      {"https://user@example.com/", "no user and no password"},
      {"ftp://example.com/", "begins with https://"},
      {"file:///etc/passwd", "begins with https://"},
      {"example.com/hook", "cannot be read"},
      {"https://", "cannot be read"},
      {"https://example.com/a b", "cannot be read"},
      {"https://ex\xc3\xa4mple.com/", "ASCII"},
  };
  for (const auto& [url, why] : urls) {
    options_.url = url;
    EXPECT_THAT(refusal(), HasSubstr(why)) << url;
  }
  options_ = good;
  options_.allow_private = false;
  EXPECT_THAT(refusal(), HasSubstr("http:// needs --webhook-allow-private"));
  options_ = good;
  options_.secrets.emplace_back("whsec_short");
  EXPECT_THAT(refusal(), HasSubstr("webhook secret"));
  options_.secrets.clear();
  EXPECT_THAT(refusal(), HasSubstr("needs a secret"));
  options_ = good;
  options_.dead_letters = (folder_.path() / "no" / "such").string();
  EXPECT_THAT(refusal(), HasSubstr("cannot be written"));
  options_.dead_letters.clear();
  EXPECT_THAT(refusal(), HasSubstr("needs a file"));
  options_ = good;
  options_.tries = 0;
  EXPECT_THAT(refusal(), HasSubstr("at least 1"));
}

TEST_F(WebhookDelivery, ABatchOfAQueueNamesItsOwnLedger) {
  open();
  batch_.queued = true;
  batch_.ledger = "sqlite";
  ASSERT_TRUE(store());
  EXPECT_THAT(receiver_.requests().front().body, HasSubstr("/flashbid/sqlite/16/3"));
}

}  // namespace
}  // namespace flashbid::testing
