// What one loop serves: its connections, its engine, its totals, and the bytes that its sessions share. Lives on the
// loop's thread; totals() may be read by any. Owns the connections until they have closed.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "server/access.hpp"
#include "server/certificate.hpp"
#include "server/connection.hpp"
#include "server/exposition.hpp"
#include "server/joined_frames.hpp"
#include "server/limits.hpp"
#include "server/loop.hpp"
#include "server/targets.hpp"
#include "server/traffic.hpp"

namespace flashbid {

class Load;

// What a connection that comes in at a listener is taken for.
enum class Entrance : std::uint8_t { plain, tls, redirect };

// What all loops of a server share.
struct ServerShared {
  ServerLimits limits;
  AccessOptions access;
  std::shared_ptr<const Certificate> certificate;  // null = no TLS
  std::string tls_headers;                         // of every answer inside TLS
  std::uint16_t redirect_port = 0;                 // where the redirecting port sends to
  routes::Offer offer = routes::Offer::auctions;
  std::atomic<std::size_t> connections{0};         // open now, on all loops
  std::optional<ConnectionsByAddress> by_address;  // always there
  std::function<Exposition()> metrics;             // any thread
  std::function<Health()> health;                  // any thread
  Load* load = nullptr;                            // null = there are no bots here
};

class LoopServer {
 public:
  // `engine` may be null where only health is offered.
  LoopServer(Loop& loop, Engine* engine, ServerShared& shared);
  LoopServer(const LoopServer&) = delete;
  LoopServer& operator=(const LoopServer&) = delete;
  ~LoopServer();

  // A connection just accepted.
  void adopt(Socket socket, Peer peer, Entrance entrance);
  // Counts and keeps a session until it closes.
  void hold(std::shared_ptr<Connection> connection);
  void forget(Connection& connection);

  // Answers what is in flight and ends every connection; then, and after any that comes later, calls `idle`.
  void wind_up(std::function<void()> idle);
  // Ends what is left, at once.
  void close_all();

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] const ServerLimits& limits() const { return shared_.limits; }
  [[nodiscard]] ServerShared& shared() { return shared_; }
  [[nodiscard]] Access& access() { return access_; }
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  [[nodiscard]] const Traffic& totals() const { return traffic_; }

  // Bids that wait for the limits or for the engine (admission.hpp).
  [[nodiscard]] const std::shared_ptr<std::size_t>& waiting_bids() const { return waiting_bids_; }

  // An empty text to encode an answer into; good until the next call.
  [[nodiscard]] std::string& scratch() {
    scratch_.clear();
    return scratch_;
  }
  [[nodiscard]] JoinedFrames& joined_frames() { return joined_frames_; }
  // Where bytes go that nobody reads.
  [[nodiscard]] std::span<char> discarded() { return discarded_; }
  [[nodiscard]] std::int64_t now_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

 private:
  void sweep();

  Loop& loop_;
  Engine* engine_;
  ServerShared& shared_;
  Traffic traffic_;
  Access access_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::string scratch_;
  const std::shared_ptr<std::size_t> waiting_bids_ = std::make_shared<std::size_t>(0);
  JoinedFrames joined_frames_;
  std::array<char, 16 * 1024> discarded_{};
  std::function<void()> idle_;  // set once winding up
};

}  // namespace flashbid
