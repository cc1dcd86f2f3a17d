// The server: its listeners and what each loop serves. Made before the loops run and destroyed after they have ended;
// start() and stop() may be called from any thread.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "server/certificate.hpp"
#include "server/exposition.hpp"
#include "server/listener.hpp"
#include "server/loop_server.hpp"

namespace flashbid {

struct ServerOptions {
  boost::asio::ip::tcp::endpoint listen;
  AccessOptions access;
  ServerLimits limits;
  std::shared_ptr<const Certificate> certificate;  // TLS at `listen`; null = plain
  std::chrono::seconds hsts{0};                    // how long browsers shall keep to TLS; 0 = not said
  // A plain port beside it that sends everything on to TLS, to `redirect_port`; 0 = the port of `listen`.
  std::optional<boost::asio::ip::tcp::endpoint> redirect_listen;
  std::uint16_t redirect_port = 0;
  // What /readyz and /metrics say beside the engine, or in its place. Any thread; empty = as the engine is, and
  // nothing.
  std::function<Health()> health;
  std::function<void(Exposition&)> add_metrics;
  Load* load = nullptr;  // offered with --dev only; outlives the server. Null = no bots
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

  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return listeners_.front()->address(); }
  // Only with redirect_listen.
  [[nodiscard]] boost::asio::ip::tcp::endpoint redirect_address() const { return listeners_.back()->address(); }

  // Open now, on all loops; any thread.
  [[nodiscard]] std::size_t open_connections() const { return shared_.connections.load(std::memory_order_relaxed); }

  void start();
  // Accepts no more, answers what is in flight, says goodbye to streams. True once all have gone, false after
  // `patience`.
  [[nodiscard]] bool stop(std::chrono::milliseconds patience);

 private:
  Server(const ServerOptions& options, const std::vector<Place>& places);

  ServerShared shared_;
  std::vector<std::unique_ptr<LoopServer>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace flashbid
