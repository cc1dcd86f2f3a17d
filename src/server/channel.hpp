// The bytes of one accepted connection, plain or inside TLS, as its session reads and writes them. Owns the socket. A
// value that goes with the socket from an HTTP session to the stream that takes it over; lives on its loop's thread and
// never waits. Results are those of the system calls: -1 and errno, EAGAIN = not now, the loop will tell. Plain costs
// one comparison beside the system call.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "server/peer.hpp"
#include "server/socket.hpp"
#include "server/tls_stream.hpp"

namespace flashbid {

class Channel {
 public:
  Channel() = default;
  explicit Channel(Socket socket) : socket_(std::move(socket)) {}
  Channel(Socket socket, std::unique_ptr<TlsStream> tls, Peer peer)
      : socket_(std::move(socket)), tls_(std::move(tls)), peer_(std::move(peer)) {}

  [[nodiscard]] const IpAddress& peer() const { return peer_.address; }
  [[nodiscard]] int descriptor() const { return socket_.descriptor(); }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }

  // Bytes read; 0 = the peer sends no more. EPROTO = it does not speak TLS, or breaks its rules, and was told so.
  [[nodiscard]] ssize_t read(std::span<char> into) {
    return tls_ == nullptr ? ::recv(descriptor(), into.data(), into.size(), 0) : tls_->read(into);
  }
  // After a read that did not fill its room: whether the loop will tell when there is more. Else read again.
  [[nodiscard]] bool is_drained() const { return tls_ == nullptr || tls_->is_drained(); }
  // Whether bytes wait here, inside, of which no loop will ever tell.
  [[nodiscard]] bool holds_unread() const { return tls_ != nullptr && tls_->holds_unread(); }

  // How many were taken. Some of them may still be unsent: flush() before the connection is taken to have said all.
  [[nodiscard]] ssize_t write(std::span<const char> bytes) {
    return tls_ == nullptr ? ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                           : tls_->write(bytes);
  }
  // The same, of several pieces in one.
  [[nodiscard]] ssize_t write(std::span<iovec> pieces) {
    if (tls_ != nullptr) return write_joined(pieces);
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return ::sendmsg(descriptor(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  // Sends what was taken and is unsent; true if nothing is left.
  [[nodiscard]] bool flush() { return tls_ == nullptr || tls_->flush(); }
  [[nodiscard]] bool has_unsent() const { return tls_ != nullptr && tls_->has_unsent(); }

  [[nodiscard]] bool in_handshake() const { return tls_ != nullptr && tls_->in_handshake(); }
  // Nothing is written any more; what was taken leaves first, by flush().
  void shutdown() {
    if (tls_ == nullptr) {
      ::shutdown(descriptor(), SHUT_WR);
    } else {
      tls_->shutdown();
    }
  }
  void close() {
    tls_.reset();
    socket_.close();
    peer_.place = {};
  }

 private:
  [[nodiscard]] ssize_t write_joined(std::span<const iovec> pieces);

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  Peer peer_;
};

}  // namespace flashbid
