// TLS on one accepted socket, by OpenSSL: the handshake, records in and out, the goodbye. Never waits, and never owns
// the socket: a Channel does. Lives on its connection's loop.
//
// OpenSSL reads and writes through callbacks of ours. Writing never blocks it: what the socket does not take is kept
// here (one record, or the answers of a handshake) and leaves by flush(), before anything else is taken. So reading
// never waits for writing nor writing for reading, and bytes once taken are this stream's: no write is ever repeated.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "server/traffic.hpp"

namespace flashbid {

class TlsStream {
 public:
  // The server's side, before its handshake, which read() carries out. `traffic` counts how that ends.
  TlsStream(SSL_CTX& context, int socket, Traffic& traffic);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // As Channel has them.
  [[nodiscard]] ssize_t read(std::span<char> into);
  [[nodiscard]] bool is_drained() const;
  [[nodiscard]] bool holds_unread() const;
  // At most one record of it.
  [[nodiscard]] ssize_t write(std::span<const char> bytes);
  [[nodiscard]] bool flush();
  [[nodiscard]] bool has_unsent() const { return sent_ < unsent_.size(); }
  [[nodiscard]] bool in_handshake() const { return !established_; }
  // Says goodbye (close_notify) and, once all has left, shuts writing down.
  void shutdown();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  // What OpenSSL calls.
  static const BIO_METHOD* socket_method();
  static int on_read(BIO* bio, char* into, int size);
  static int on_write(BIO* bio, const char* bytes, int size);
  static long on_control(BIO* bio, int command, long number, void* pointer);

  // Whether the first byte is one of TLS. If not, whoever speaks plain HTTP here is told so.
  [[nodiscard]] bool begins_in_tls(char first);
  [[nodiscard]] ssize_t fail_reading(int result);

  const int socket_;
  Traffic& traffic_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string unsent_;
  std::size_t sent_ = 0;       // of unsent_
  bool begun_ = false;         // its first byte has been seen
  bool established_ = false;   // its handshake is done
  bool socket_empty_ = false;  // this read has taken all there was
  bool ended_ = false;         // the peer sends no more
  bool shuts_down_ = false;    // writing ends behind what is unsent
};

}  // namespace flashbid
