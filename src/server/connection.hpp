// One accepted socket: what every session has in common. Reads one span at a time, and ends in one of two ways: at once
// (close), or gently (finish): writing is shut down and what the peer still sends is drained for a moment, so that it
// can read the last answer. Lives on its loop's thread; the loop's server holds it until it has closed.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "server/loop.hpp"

namespace flashbid {

class LoopServer;

class Connection : public Loop::Flushable {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  Connection(LoopServer& server, Socket socket);

  // Once every sweep: ends what has taken too long. `now_ms` is of a steady clock.
  void sweep(std::int64_t now_ms);
  // The server stops: answers what is in flight, then ends.
  virtual void wind_up() = 0;
  // At once. Later answers are ignored.
  void close();

  [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }
  [[nodiscard]] LoopServer& server() const { return server_; }

 protected:
  // Bytes have come into the span that read() was given.
  virtual void on_bytes(std::size_t bytes) = 0;
  // The peer sends no more (end of file), or the connection is broken.
  virtual void on_end(bool broken) = 0;
  // The connection has closed: unsubscribe, forget.
  virtual void on_closed() = 0;
  virtual void check_time(std::int64_t now_ms) = 0;

  // `into` must stay where it is until on_bytes or on_end.
  void read(std::span<char> into);
  [[nodiscard]] bool reading() const { return reading_; }
  // Calls flush() when the socket takes bytes again.
  void wait_writable();
  [[nodiscard]] bool waiting_writable() const { return waiting_writable_; }
  [[nodiscard]] int descriptor() { return socket_.native_handle(); }
  void finish();
  // What the kernel may hold for it; else it grows to megabytes for one that has stalled.
  void bound_send_buffer(int bytes);
  // Takes the socket away for another session; this one is over.
  [[nodiscard]] Socket release();

  template <class Session>
  [[nodiscard]] std::shared_ptr<Session> self() {
    return std::static_pointer_cast<Session>(shared_from_this());
  }

 private:
  enum class Phase : std::uint8_t { open, draining, closed };

  void read_done(bool failed, bool end_of_file, std::size_t bytes);
  void leave();

  friend class LoopServer;

  LoopServer& server_;
  Socket socket_;
  Phase phase_ = Phase::open;
  bool reading_ = false;
  bool waiting_writable_ = false;
  std::size_t drained_ = 0;
  std::int64_t draining_since_ms_ = 0;
  std::size_t place_ = 0;  // in the loop server's list
};

}  // namespace flashbid
