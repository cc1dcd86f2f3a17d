// One WebSocket: subscriptions, bids and the clock over `flashbid.v1`. Everything that leaves goes through its bounded
// outbox; a reader too slow for every event is closed with 1013. Lives on its loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"
#include "feed/hub.hpp"
#include "server/access.hpp"
#include "server/connection.hpp"
#include "server/outbox.hpp"
#include "wire/decode.hpp"
#include "wire/websocket.hpp"

namespace flashbid {

class QueuedBid;

class WebSocketSession final : public Connection, private Watcher {
 public:
  // `caller` is whom the handshake named; nobody = nobody yet, and `token` by what. `address`: the client's, behind
  // proxies too.
  WebSocketSession(LoopServer& server, Channel channel, const Caller& caller, std::string token,
                   const IpAddress& address);

  // Sends the handshake's answer; `received` came behind the handshake.
  void start(SharedBytes handshake, std::string_view received);

  void flush() override;
  void wind_up() override;

 private:
  std::span<char> room() override;
  void on_bytes(std::size_t bytes) override;
  void on_end(bool broken) override;
  void on_closed() override;
  void on_writable() override;
  void check_time(std::int64_t now_ms) override;

  void on_snapshot(const Snapshot& snapshot) override;
  void on_events(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) override;
  void on_missed(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) override;
  void on_newer_state(AuctionId auction) override;
  void on_refused(AuctionId auction, const Error& error) override;

  void take(std::string_view received);
  [[nodiscard]] bool on_text(std::string_view text);
  void carry_out(const AuthFrame& frame);
  void carry_out(const SubscribeFrame& frame);
  void carry_out(const UnsubscribeFrame& frame);
  void carry_out(const BidFrame& frame);
  void carry_out(const TimeFrame& frame);
  void submit(const std::string& id, BidRequest bid, QueuedBid waiting);
  void refuse_bid(const std::string& id, AuctionId auction, const WireError& error);
  [[nodiscard]] bool is_expired();
  void answer_bid(const std::string& id, AuctionId auction, const Result<BidAnswer>& answer);
  void send_error(std::string_view id, std::optional<AuctionId> auction, const WireError& error);
  // To whoever asked for it; push() is for what many are told, or may ask for at once.
  void send(SharedBytes frame);
  void push(SharedBytes frame);
  // False if nothing more is taken: its flush has been asked for.
  [[nodiscard]] bool enqueue(SharedBytes frame);
  // Nothing is read or pushed any more; the close frame goes out behind what has been queued.
  void say_goodbye(CloseCode code);
  void unsubscribe_all();
  void push_newest_states();

  Outbox outbox_;
  bool leaving_ = false;     // a close frame is queued or due
  bool overflowed_ = false;  // the outbox had no room: slow_reader
  bool winding_up_ = false;
  std::vector<AuctionId> newer_;          // `latest` subscriptions with a state not sent yet
  std::vector<AuctionId> subscriptions_;  // each once
  std::size_t bids_in_flight_ = 0;
  Caller caller_;
  std::string token_;  // by which the caller is known; empty = by none
  const IpAddress address_;
  std::size_t refused_in_a_row_ = 0;  // by the rate limits
  FrameReader reader_;

  bool heard_ = false;  // since the last sweep
  int missed_pings_ = 0;
  std::int64_t silent_since_ms_ = -1;
  std::int64_t leaving_since_ms_ = -1;
};

}  // namespace flashbid
