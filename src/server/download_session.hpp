// A history of bids that leaves as a file: a page of it is read when the one before has left, so that no more than a
// page is in memory, however long the history and however slow the reader. Ends at the event that was the newest when
// it began. What goes wrong on the way breaks the connection off before the last chunk, so that half a file never looks
// whole. Lives on its loop's thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/engine.hpp"
#include "server/connection.hpp"
#include "server/outbox.hpp"
#include "wire/bidder_names.hpp"
#include "wire/request_id.hpp"

namespace flashbid {

class DownloadSession final : public Connection {
 public:
  struct Asked {
    AuctionId auction;
    BidderNames names = BidderNames::full;
    bool only_head = false;  // by HEAD
    bool is_chunked = true;  // HTTP/1.0 knows no chunks: there the end of the connection is the end of the file
  };
  DownloadSession(LoopServer& server, Channel channel, const Asked& asked, std::string standing_headers,
                  const RequestId& request_id);

  void start();

  void flush() override;
  void wind_up() override;

 private:
  std::span<char> room() override;
  void on_bytes(std::size_t bytes) override;
  void on_end(bool broken) override;
  void on_closed() override;
  void check_time(std::int64_t now_ms) override;

  void begin_file(const AuctionView& view);
  void ask();
  void take(const EventsPage& page);
  void refuse(const Error& error);
  void send_chunk(std::string_view bytes);
  void send_end();
  void send(std::string bytes);

  const Asked asked_;
  const std::string standing_headers_;
  const RequestId request_id_;
  Currency currency_;
  Sequence after_;  // the last event that is in the file
  Sequence last_;   // the last that will be
  bool asking_ = false;
  bool ended_ = false;  // all is in the outbox
  bool leaving_ = false;
  Outbox outbox_;
  std::size_t waiting_bytes_ = 0;  // as the last sweep saw it
  std::int64_t stalled_since_ms_ = -1;
};

}  // namespace flashbid
