// What `flashbid relay --listen` serves: /healthz, /readyz and /metrics of its worker, by the server that `serve` has,
// without an engine. One loop on a thread of its own; made and ended by the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "base/result.hpp"
#include "relay/relay.hpp"
#include "server/loop.hpp"
#include "server/server.hpp"

namespace flashbid {

class RelayServer {
 public:
  // `hop` as relay_report.hpp has it. `counters` tells how the worker is, on the loop's thread, until this goes.
  // Failure::invalid if the address cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<RelayServer>> open(std::string_view listen, const std::string& hop,
                                                                 const std::function<RelayCounters()>& counters);
  ~RelayServer();
  RelayServer(const RelayServer&) = delete;
  RelayServer& operator=(const RelayServer&) = delete;

 private:
  RelayServer() = default;

  Loop loop_;
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

}  // namespace flashbid
