// One WebSocket watcher: subscribes, records what it is sent, resumes where it was after every loss. Lives on the
// simulation's thread; outlives its coroutine.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>

#include "bots/bid_channel.hpp"
#include "bots/frame_memory.hpp"
#include "client/websocket_connection.hpp"

namespace flashbid::bots {

class Watcher {
 public:
  // `number` counts from 1; it stands in sentences. Records into desk.history.watchers[number - 1].
  Watcher(Desk& desk, FrameMemory& memory, std::size_t number);

  [[nodiscard]] Awaitable<void> run();
  // Whether it has been told a first state, or can go on from one.
  [[nodiscard]] bool subscribed() const { return seen_anything_; }
  [[nodiscard]] bool gone() const { return gone_; }
  // Why there is no connection.
  [[nodiscard]] const std::string& problem() const { return connection_.problem(); }
  [[nodiscard]] Sequence last_seen() const { return last_; }
  // Cuts the connection: it must come back without a gap.
  void stumble() { connection_.close(); }
  void leave();

 private:
  void take_frame(const std::string& text);
  void take_event(const std::string& text, std::int64_t seen_ns);
  void take_state(simdjson::dom::element json, std::int64_t seen_ns, bool answers_subscription);
  [[nodiscard]] std::string subscription() const;
  void malformed(const std::string& text, std::string_view why);
  [[nodiscard]] checker::WatcherRecord& record() { return desk_.history.watchers[number_ - 1]; }
  [[nodiscard]] const checker::WatcherRecord& record() const { return desk_.history.watchers[number_ - 1]; }

  Desk& desk_;
  FrameMemory& memory_;
  std::size_t number_;
  client::WebSocketConnection connection_;
  boost::asio::steady_timer timer_;
  std::int64_t asked_ns_ = 0;
  Epoch epoch_;
  Sequence last_;
  bool seen_anything_ = false;
  bool leaving_ = false;
  bool gone_ = false;
};

}  // namespace flashbid::bots
