#include "server/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <cerrno>
#include <utility>

#include "server/loop_server.hpp"

namespace flashbid {
namespace {

// A peer that sends without end gets this many reads in a row; then it is the others' turn.
constexpr int most_reads = 16;

}  // namespace

Connection::Connection(LoopServer& server, Socket socket) : server_(server), socket_(std::move(socket)) {}

void Connection::begin() {
  if (!server_.loop().watch(descriptor(), *this)) close();
}

void Connection::on_ready(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ending_ = true;
  if ((events & EPOLLOUT) != 0 && std::exchange(waiting_writable_, false)) server_.loop().flush_later(*this);
  if ((events & EPOLLIN) != 0 || ending_) {
    readable_ = true;
    read();
  }
}

void Connection::resume_reading() {
  if (readable_ && !reading_) read();
}

void Connection::read() {
  if (phase_ == Phase::draining) return drain();
  reading_ = true;
  for (int i = 0; readable_ && phase_ == Phase::open; ++i) {
    if (i == most_reads) {
      server_.loop().post([connection = self<Connection>()] { connection->resume_reading(); });
      break;
    }
    const std::span<char> into = room();
    if (into.empty()) break;
    const ssize_t got = ::recv(descriptor(), into.data(), into.size(), 0);
    if (got > 0) {
      // Less than there was room for: the rest is told of when it comes, unless the end has been told already.
      if (static_cast<std::size_t>(got) < into.size() && !ending_) readable_ = false;
      on_bytes(static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    readable_ = false;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    on_end(got < 0);
  }
  reading_ = false;
  if (phase_ == Phase::draining) drain();
}

void Connection::drain() {
  while (readable_ && phase_ == Phase::draining) {
    const std::span<char> into = server_.discarded();
    const ssize_t got = ::recv(descriptor(), into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
      return;
    }
    drained_ += got > 0 ? static_cast<std::size_t>(got) : 0;
    if (got <= 0 || drained_ >= server_.limits().drained_bytes) return close();
  }
}

void Connection::bound_send_buffer(int bytes) {
  (void)::setsockopt(descriptor(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void Connection::finish() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::draining;
  draining_since_ms_ = server_.now_ms();
  ::shutdown(descriptor(), SHUT_WR);
  on_closed();
  // What the session left unread, and the end if it has been told already.
  readable_ = true;
  if (!reading_) drain();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const bool was_open = phase_ == Phase::open;
  phase_ = Phase::closed;
  const auto stays_alive = shared_from_this();
  socket_.close();
  server_.forget(*this);
  if (was_open) on_closed();
}

Socket Connection::release() {
  phase_ = Phase::closed;
  Socket socket = std::move(socket_);
  server_.forget(*this);
  on_closed();
  return socket;
}

void Connection::sweep(std::int64_t now_ms) {
  if (phase_ == Phase::open) return check_time(now_ms);
  if (phase_ == Phase::draining && now_ms - draining_since_ms_ >= server_.limits().drain.count()) close();
}

}  // namespace flashbid
