// One live feed as server-sent events: the head of the answer once the hub has the auction, then every event as it
// becomes durable. A reader that is too slow is cut off and resumes by Last-Event-ID. Lives on its loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "feed/hub.hpp"
#include "server/access.hpp"
#include "server/connection.hpp"
#include "server/outbox.hpp"
#include "wire/request_id.hpp"

namespace flashbid {

class SseSession final : public Connection, private Watcher {
 public:
  SseSession(LoopServer& server, Channel channel, AuctionId auction, const Caller& caller, std::string token,
             std::string standing_headers, const RequestId& request_id);

  void start(std::optional<ResumePoint> from);

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

  void send_head();
  void send(SharedBytes bytes);

  const AuctionId auction_;
  Caller caller_;            // who asked
  const std::string token_;  // by which; empty = by none
  const std::string standing_headers_;
  const RequestId request_id_;
  Outbox outbox_;
  bool has_head_ = false;
  bool leaving_ = false;  // ends once the outbox is empty
  bool overflowed_ = false;
  std::size_t waiting_bytes_ = 0;  // as the last sweep saw it
  std::int64_t quiet_since_ms_ = -1;
};

}  // namespace flashbid
