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

Connection::Connection(LoopServer& server, Channel channel) : server_(server), channel_(std::move(channel)) {}

void Connection::begin() {
  if (!server_.loop().watch(channel_.descriptor(), *this)) return close();
  if (!channel_.holds_unread()) return;
  // What came behind the last request in the same record: the loop knows nothing of it.
  readable_ = true;
  server_.loop().post([connection = self<Connection>()] { connection->resume_reading(); });
}

void Connection::on_ready(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ending_ = true;
  if ((events & EPOLLOUT) != 0) {
    if (std::exchange(waiting_writable_, false)) on_writable();
    if (phase_ == Phase::draining) (void)channel_.flush();
  }
  if ((events & EPOLLIN) != 0 || ending_) {
    readable_ = true;
    read();
  }
}

void Connection::on_writable() { server_.loop().flush_later(*this); }

void Connection::resume_reading() {
  if (readable_ && !reading_) read();
}

void Connection::read() {
  if (phase_ == Phase::draining) return drain();
  reading_ = true;
  for (int i = 0; readable_ && phase_ == Phase::open; ++i) {
    if (i == most_reads) {
      server_.loop().post_next_round([connection = self<Connection>()] { connection->resume_reading(); });
      break;
    }
    const std::span<char> into = room();
    if (into.empty()) break;
    const ssize_t got = channel_.read(into);
    if (got > 0) {
      // Less than there was room for: the rest is told of when it comes, unless the end has been told already.
      if (static_cast<std::size_t>(got) < into.size() && !ending_ && channel_.is_drained()) readable_ = false;
      on_bytes(static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    readable_ = false;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    // What was said to a peer that broke the rules of TLS is left time to arrive.
    if (got < 0 && errno == EPROTO) {
      finish();
    } else {
      on_end(got < 0);
    }
  }
  reading_ = false;
  if (phase_ == Phase::draining) return drain();
  // A part of the handshake: it goes on when the socket takes more. Tried before it is waited for, as the loop may have
  // told already that it does.
  if (channel_.has_unsent() && !channel_.flush()) waiting_writable_ = true;
}

void Connection::drain() {
  while (readable_ && phase_ == Phase::draining) {
    const std::span<char> into = server_.discarded();
    // Inside TLS too, as it comes: nobody will look at it.
    const ssize_t got = ::recv(channel_.descriptor(), into.data(), into.size(), 0);
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
  (void)::setsockopt(channel_.descriptor(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void Connection::finish() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::draining;
  draining_since_ms_ = server_.now_ms();
  channel_.shutdown();
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
  channel_.close();
  server_.forget(*this);
  if (was_open) on_closed();
}

Channel Connection::release() {
  phase_ = Phase::closed;
  Channel channel = std::move(channel_);
  server_.forget(*this);
  on_closed();
  return channel;
}

void Connection::sweep(std::int64_t now_ms) {
  if (phase_ == Phase::open) return channel_.in_handshake() ? check_handshake(now_ms) : check_time(now_ms);
  if (phase_ == Phase::draining && now_ms - draining_since_ms_ >= server_.limits().drain.count()) close();
}

void Connection::check_handshake(std::int64_t now_ms) {
  if (handshake_since_ms_ < 0) handshake_since_ms_ = now_ms;
  if (now_ms - handshake_since_ms_ < server_.limits().header.count()) return;
  server_.traffic().timeouts.add();
  server_.traffic().tls_failed_handshakes.add();
  close();
}

}  // namespace flashbid
