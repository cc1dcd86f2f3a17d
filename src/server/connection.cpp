#include "server/connection.hpp"

#include <sys/socket.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "server/loop_server.hpp"

namespace flashbid {

Connection::Connection(LoopServer& server, Socket socket) : server_(server), socket_(std::move(socket)) {}

void Connection::read(std::span<char> into) {
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(into.data(), into.size()),
                          [connection = self<Connection>()](const boost::system::error_code& error, std::size_t bytes) {
                            connection->read_done(error.failed(), error == boost::asio::error::eof, bytes);
                          });
}

void Connection::read_done(bool failed, bool end_of_file, std::size_t bytes) {
  reading_ = false;
  switch (phase_) {
    case Phase::open:
      if (failed) return on_end(!end_of_file);
      return on_bytes(bytes);
    case Phase::draining:
      drained_ += bytes;
      if (failed || drained_ >= server_.limits().drained_bytes) return close();
      return read(server_.discarded());
    case Phase::closed:
      return;
  }
}

void Connection::wait_writable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  socket_.async_wait(Socket::wait_write, [connection = self<Connection>()](const boost::system::error_code& error) {
    connection->waiting_writable_ = false;
    if (error || connection->phase_ != Phase::open) return;
    connection->flush();
  });
}

void Connection::bound_send_buffer(int bytes) {
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::socket_base::send_buffer_size(bytes), ignored);
}

void Connection::finish() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::draining;
  draining_since_ms_ = server_.now_ms();
  ::shutdown(descriptor(), SHUT_WR);
  on_closed();
  if (!reading_) read(server_.discarded());
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const bool was_open = phase_ == Phase::open;
  const auto stays_alive = shared_from_this();
  phase_ = Phase::closed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  leave();
  if (was_open) on_closed();
}

Connection::Socket Connection::release() {
  phase_ = Phase::closed;
  Socket socket = std::move(socket_);
  leave();
  on_closed();
  return socket;
}

void Connection::leave() { server_.forget(*this); }

void Connection::sweep(std::int64_t now_ms) {
  if (phase_ == Phase::open) return check_time(now_ms);
  if (phase_ == Phase::draining && now_ms - draining_since_ms_ >= server_.limits().drain.count()) close();
}

}  // namespace flashbid
