// The server: a listener and what each loop serves. Made before the loops run and destroyed after they have ended;
// start() and stop() may be called from any thread.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "server/exposition.hpp"
#include "server/listener.hpp"
#include "server/loop_server.hpp"

namespace flashbid {

struct ServerOptions {
  boost::asio::ip::tcp::endpoint listen;
  bool dev = false;
  ServerLimits limits;
  // What /readyz and /metrics say beside the engine, or in its place. Any thread; empty = as the engine is, and
  // nothing.
  std::function<Health()> health;
  std::function<void(Exposition&)> add_metrics;
};

class Server {
 public:
  struct Place {
    Loop* loop;
    Engine* engine;  // as that loop sees it; null on every loop = only health and metrics are served
  };

  // Failure::invalid if the address cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const ServerOptions& options,
                                                            const std::vector<Place>& places);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return listener_->address(); }

  void start();
  // Accepts no more, answers what is in flight, says goodbye to streams. True once all have gone, false after
  // `patience`.
  [[nodiscard]] bool stop(std::chrono::milliseconds patience);

 private:
  Server(const ServerOptions& options, const std::vector<Place>& places);

  ServerShared shared_;
  std::vector<std::unique_ptr<LoopServer>> loops_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace flashbid
