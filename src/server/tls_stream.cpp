#include "server/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/assert.hpp"
#include "server/plain_hint.hpp"

namespace flashbid {
namespace {

constexpr std::size_t record_bytes = 16 * 1024;
// One record and what a handshake or a key update adds; a peer that makes us owe more is not well.
constexpr std::size_t most_unsent = 64 * 1024;
constexpr std::size_t most_kept = 1'024;

TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

const BIO_METHOD* TlsStream::socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "flashbid socket");
    require(made != nullptr, "OpenSSL has memory");
    BIO_meth_set_read(made, on_read);
    BIO_meth_set_write(made, on_write);
    BIO_meth_set_ctrl(made, on_control);
    return made;
  }();
  return method;
}

TlsStream::TlsStream(SSL_CTX& context, int socket, Traffic& traffic)
    : socket_(socket), traffic_(traffic), ssl_(SSL_new(&context)) {
  BIO* bio = BIO_new(socket_method());
  require(ssl_ != nullptr && bio != nullptr, "OpenSSL has memory");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

int TlsStream::on_read(BIO* bio, char* into, int size) {
  TlsStream& self = stream_of(bio);
  BIO_clear_retry_flags(bio);
  ssize_t got = 0;
  do {
    got = ::recv(self.socket_, into, static_cast<std::size_t>(size), 0);
  } while (got < 0 && errno == EINTR);
  self.socket_empty_ = got < size;
  self.ended_ = got == 0;
  if (got < 0 && would_wait(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int TlsStream::on_write(BIO* bio, const char* bytes, int size) {
  TlsStream& self = stream_of(bio);
  BIO_clear_retry_flags(bio);
  std::string_view rest(bytes, static_cast<std::size_t>(size));
  if (!self.has_unsent()) {
    ssize_t left = 0;
    do {
      left = ::send(self.socket_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (left < 0 && errno == EINTR);
    if (left < 0 && !would_wait(errno)) return -1;
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(left, 0)));
  }
  if (self.unsent_.size() + rest.size() > most_unsent) return -1;
  self.unsent_ += rest;
  return size;
}

long TlsStream::on_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return stream_of(bio).ended_ ? 1 : 0;
    default:
      return 0;
  }
}

bool TlsStream::is_drained() const { return socket_empty_ && !holds_unread(); }

bool TlsStream::holds_unread() const { return SSL_has_pending(ssl_.get()) == 1; }

bool TlsStream::begins_in_tls(char first) {
  constexpr char handshake_record = 0x16;
  if (first == handshake_record) return true;
  std::array<char, 2'048> begun{};
  const ssize_t seen = ::recv(socket_, begun.data(), begun.size(), MSG_PEEK | MSG_DONTWAIT);
  const std::string answer = plain_hint({begun.data(), static_cast<std::size_t>(std::max<ssize_t>(seen, 0))});
  (void)::send(socket_, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return false;
}

ssize_t TlsStream::read(std::span<char> into) {
  if (!begun_) {
    char first = 0;
    const ssize_t seen = ::recv(socket_, &first, 1, MSG_PEEK);
    if (seen <= 0) return seen;
    begun_ = true;
    if (!begins_in_tls(first)) {
      traffic_.tls_failed_handshakes.add();
      errno = EPROTO;
      return -1;
    }
  }
  // What OpenSSL still holds can be read without the socket, which may have got more meanwhile.
  socket_empty_ = false;
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  if (!established_ && SSL_is_init_finished(ssl_.get()) != 0) {
    established_ = true;
    traffic_.tls_handshakes.add();
  }
  return result == 1 ? static_cast<ssize_t>(got) : fail_reading(result);
}

ssize_t TlsStream::fail_reading(int result) {
  const int system_error = errno;
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ) {
    errno = EAGAIN;
    return -1;
  }
  if (in_handshake()) {
    traffic_.tls_failed_handshakes.add();
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    spdlog::debug("a TLS handshake failed: {}", reason != nullptr ? reason : "the client has gone");
  }
  if (why == SSL_ERROR_ZERO_RETURN) return 0;
  // EPROTO: the peer was sent an alert, and may be left time to read it.
  errno = why == SSL_ERROR_SSL || system_error == 0 ? EPROTO : system_error;
  return -1;
}

ssize_t TlsStream::write(std::span<const char> bytes) {
  if (!flush()) return -1;
  ERR_clear_error();
  std::size_t taken = 0;
  if (SSL_write_ex(ssl_.get(), bytes.data(), std::min(bytes.size(), record_bytes), &taken) == 1) {
    return static_cast<ssize_t>(taken);
  }
  errno = EPROTO;
  return -1;
}

bool TlsStream::flush() {
  while (has_unsent()) {
    const ssize_t left = ::send(socket_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (left < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    sent_ += static_cast<std::size_t>(left);
  }
  sent_ = 0;
  if (unsent_.capacity() > most_kept) unsent_ = {};
  unsent_.clear();
  if (shuts_down_) {
    shuts_down_ = false;
    ::shutdown(socket_, SHUT_WR);
  }
  return true;
}

void TlsStream::shutdown() {
  shuts_down_ = true;
  ERR_clear_error();
  if (established_) (void)SSL_shutdown(ssl_.get());
  (void)flush();
}

}  // namespace flashbid
