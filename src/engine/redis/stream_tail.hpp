// Follows one shard's stream from where it begins to look, entry by entry, across reconnects. Lives on the Redis
// thread. It blocks in Redis on a connection of its own, so that an entry is told the moment it is there; entries that
// come faster than that gather while one reading is on its way.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "redis/client.hpp"

namespace flashbid {

// An entry as it stands in the stream; the views are good for the call.
struct StreamEntry {
  AuctionId auction;
  Epoch epoch;
  Sequence sequence;
  std::string_view payload;
};

class StreamTail {
 public:
  struct Callbacks {
    // Everything from here on will be told: at the start, and again when another primary took over or the stream is
    // not the one that was read before.
    std::function<void()> on_positioned;
    std::function<void(std::span<const StreamEntry>)> on_entries;
    // The stream does not say where it ends: nothing is told before it does. It goes on asking.
    std::function<void(const Error&)> on_away;
  };

  StreamTail(boost::asio::io_context& io, redis::Client& client, unsigned shard, Callbacks callbacks);
  ~StreamTail();
  StreamTail(const StreamTail&) = delete;
  StreamTail& operator=(const StreamTail&) = delete;

 private:
  struct Alive {};

  void on_primary(const std::string& run_id);
  void position();
  void read();
  void read_later(std::chrono::milliseconds pause);
  void on_reply(const redis::Reply& reply);
  // The callback, unless the tail is gone by then.
  [[nodiscard]] redis::Done guarded(std::function<void(Result<redis::Reply>)> then);

  redis::Client& client_;
  const std::string key_;
  Callbacks callbacks_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
  std::string run_id_;
  std::string last_id_;                           // of the last entry told; empty = not positioned
  bool busy_ = false;                             // a command or a pause is under way
  std::shared_ptr<redis::Dedicated> connection_;  // last: it calls back into the members above
};

}  // namespace flashbid
