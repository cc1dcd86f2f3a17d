// A server on one loop with the fake engine, on a thread of its own and a free port.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include "server/server.hpp"
#include "support/fake_engine.hpp"
#include "support/wire_client.hpp"

namespace flashbid::test {

// Limits for tests: looked at every 10 ms, otherwise as in earnest.
inline ServerLimits quick_limits() {
  ServerLimits limits;
  limits.sweep = std::chrono::milliseconds{10};
  return limits;
}

class ServedLoop {
 public:
  // `options`: what a test has of its own; where it listens is set here, and that it is --dev unless it takes tokens.
  explicit ServedLoop(const ServerLimits& limits = quick_limits(), ServerOptions options = {}) {
    if (options.access.keys == nullptr) options.access.dev = true;
    options.limits = limits;
    options.listen = {boost::asio::ip::make_address("127.0.0.1"), 0};
    server_ = std::move(Server::open(options, {{&loop_, &engine_}}).value());
    thread_ = std::thread([this] { loop_.run(); });
    server_->start();
  }
  ~ServedLoop() {
    loop_.stop();
    thread_.join();
  }
  ServedLoop(const ServedLoop&) = delete;
  ServedLoop& operator=(const ServedLoop&) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_->address().port(); }
  [[nodiscard]] WireClient connect(int receive_buffer = 0) const { return WireClient(port(), receive_buffer); }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Loop& loop() { return loop_; }

  // Runs `call(engine)` on the loop and waits for what it returns.
  template <class Call>
  auto run_here(Call call) {
    std::promise<std::invoke_result_t<Call, FakeEngine&>> promise;
    auto future = promise.get_future();
    loop_.post([&] {
      if constexpr (std::is_void_v<std::invoke_result_t<Call, FakeEngine&>>) {
        call(engine_);
        promise.set_value();
      } else {
        promise.set_value(call(engine_));
      }
    });
    return future.get();
  }
  // Waits until `holds(engine)`; false after a minute.
  template <class Condition>
  bool wait_until(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!run_here(holds)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  }
  // A number of /metrics.
  double metric(const std::string& sample) {
    WireClient client = connect();
    client.send(get("/metrics", "Connection: close\r\n"));
    const std::string body = client.response().body;
    const std::size_t found = body.find("\n" + sample + " ");
    return found == std::string::npos ? -1 : std::stod(body.substr(found + sample.size() + 2));
  }

 private:
  Loop loop_;
  FakeEngine engine_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace flashbid::test
