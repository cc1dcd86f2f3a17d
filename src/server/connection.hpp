// One accepted socket: what every session has in common. Reads while its session wants more, and ends in one of two
// ways: at once (close), or gently (finish): writing is shut down and what the peer still sends is drained for a
// moment, so that it can read the last answer. Lives on its loop's thread; the loop's server holds it until it has
// closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "server/channel.hpp"
#include "server/loop.hpp"

namespace flashbid {

class LoopServer;

class Connection : public Loop::Flushable, private Loop::Watched {
 public:
  Connection(LoopServer& server, Channel channel);

  // Once every sweep: ends what has taken too long. `now_ms` is of a steady clock.
  void sweep(std::int64_t now_ms);
  // The server stops: answers what is in flight, then ends.
  virtual void wind_up() = 0;
  // At once. Later answers are ignored.
  void close();

  [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }
  [[nodiscard]] LoopServer& server() const { return server_; }
  // Whose socket it is: the client, or a proxy before it.
  [[nodiscard]] const IpAddress& peer() const { return channel_.peer(); }

 protected:
  // Where the next bytes go; empty = the session wants none now, and says resume_reading() when it does.
  [[nodiscard]] virtual std::span<char> room() = 0;
  // Bytes have come into the room.
  virtual void on_bytes(std::size_t bytes) = 0;
  // The peer sends no more (end of file), or the connection is broken.
  virtual void on_end(bool broken) = 0;
  // The connection has closed: unsubscribe, forget.
  virtual void on_closed() = 0;
  virtual void check_time(std::int64_t now_ms) = 0;

  // Lets the loop tell of the socket. Once, when the session can take it.
  void begin();
  void resume_reading();
  // The socket takes no more: flush() is called when it does again.
  void wait_writable() { waiting_writable_ = true; }
  // The socket takes more again.
  virtual void on_writable();
  [[nodiscard]] bool waiting_writable() const { return waiting_writable_; }
  [[nodiscard]] Channel& channel() { return channel_; }
  void finish();
  // What the kernel may hold for it; else it grows to megabytes for one that has stalled.
  void bound_send_buffer(int bytes);
  // Takes the channel away for another session; this one is over.
  [[nodiscard]] Channel release();

  template <class Session>
  [[nodiscard]] std::shared_ptr<Session> self() {
    return std::static_pointer_cast<Session>(shared_from_this());
  }

 private:
  enum class Phase : std::uint8_t { open, draining, closed };

  void on_ready(std::uint32_t events) override;
  void read();
  void drain();
  void check_handshake(std::int64_t now_ms);

  friend class LoopServer;

  LoopServer& server_;
  Channel channel_;
  Phase phase_ = Phase::open;
  bool readable_ = false;  // something may be there to read
  bool ending_ = false;    // the peer has shut down or broken off: read to the end
  bool reading_ = false;   // read() is at work
  bool waiting_writable_ = false;
  std::size_t drained_ = 0;
  std::int64_t draining_since_ms_ = 0;
  std::int64_t handshake_since_ms_ = -1;  // as the sweeps saw it
  std::size_t place_ = 0;                 // in the loop server's list
};

}  // namespace flashbid
