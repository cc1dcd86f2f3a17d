// A server of this process, with its sockets, to try clients on.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "base/system_clock.hpp"
#include "engine/embedded/embedded_engine.hpp"
#include "ledger/memory/memory_ledger.hpp"
#include "server/loop.hpp"
#include "server/server.hpp"
#include "support/gated_ledger.hpp"

namespace flashbid::test {

// A dev server on one loop over a ledger in memory.
class LiveServer {
 public:
  LiveServer() : ledger_(std::make_unique<GatedLedger>(open_memory_ledger(make_memory_disk()), gate)) {
    EmbeddedOptions engine;
    engine.ledger = ledger_.get();
    engine.clock = &clock_;
    engine.loops = {&loop_};
    engine.on_failed = [](const Error& error) { ADD_FAILURE() << error.detail; };
    engine_ = std::move(EmbeddedEngine::start(engine).value());
    ServerOptions options;
    options.listen = {boost::asio::ip::make_address("127.0.0.1"), 0};
    options.access.dev = true;
    server_ = std::move(Server::open(options, {{&loop_, &engine_->on_loop(0)}}).value());
    loop_.repeat([this] {
      engine_->tick(0);
      return std::chrono::milliseconds{10};
    });
    thread_ = std::thread([this] { loop_.run(); });
    server_->start();
  }
  ~LiveServer() {
    loop_.stop();
    thread_.join();
    engine_->stop();
  }
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return server_->address(); }
  Gate gate;  // of every commit

 private:
  std::unique_ptr<Ledger> ledger_;
  SystemClock clock_;
  Loop loop_;
  std::unique_ptr<EmbeddedEngine> engine_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace flashbid::test
