// A server without an engine: what a worker that has no auctions says of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "server/server.hpp"
#include "support/fake_engine.hpp"
#include "support/wire_client.hpp"

namespace flashbid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class HealthOnly : public ::testing::Test {
 protected:
  HealthOnly() {
    ServerOptions options;
    options.listen = {boost::asio::ip::make_address("127.0.0.1"), 0};
    options.health = [this] { return health_; };
    options.add_metrics = [](Exposition& out) {
      out.gauge("worker_lag", "of the worker");
      out.sample(std::uint64_t{7});
    };
    server_ = std::move(Server::open(options, {{&loop_, nullptr}}).value());
  }
  ~HealthOnly() override {
    loop_.stop();
    thread_.join();
  }
  WireClient::Response ask(std::string_view path) {
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { loop_.run(); });
      server_->start();
    }
    WireClient client(server_->address().port());
    client.send(get(path, "Connection: close\r\n"));
    return client.response();
  }

  Health health_{.ready = true, .reason = {}, .degraded = {"a while behind"}};  // set before the first ask()
  Loop loop_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(HealthOnly, SaysHowItIs) {
  EXPECT_EQ(ask("/healthz").status, 200);
  const auto ready = ask("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, R"({"status":"ready","degraded":["a while behind"]})");
  const auto metrics = ask("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("\nworker_lag 7\n"));
  EXPECT_THAT(metrics.body, HasSubstr("flashbid_http_requests_total"));
  EXPECT_THAT(metrics.body, Not(HasSubstr("flashbid_bids_total")));
}

TEST_F(HealthOnly, IsNotReadyForAReason) {
  health_ = {.ready = false, .reason = "the archive is away", .degraded = {}};
  const auto ready = ask("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("the archive is away"));
}

TEST_F(HealthOnly, HasNothingElse) {
  for (const char* path : {"/", "/v1/auctions", "/v1/auctions/1", "/v1/auctions/1/bids", "/v1/stream", "/openapi.json",
                           "/item/1", "/docs"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
}

}  // namespace
}  // namespace flashbid::test
