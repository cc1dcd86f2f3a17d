// A client inside TLS that sees bytes, as WireClient does. Says how its handshake ended, and whether the server said
// goodbye. Sends its own records whole or one byte at a time.
#pragma once

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "support/wire_client.hpp"

namespace flashbid::test {

class TlsClient : public WireClient {
 public:
  struct Wishes {
    std::string authority;          // the file of whom to believe; empty = everybody
    int version = 0;                // the only one offered
    std::string protocols;          // of ALPN, in its wire form
    bool byte_by_byte = false;      // each byte of a record on its own
    std::string ciphers;            // of TLS 1.2
    int receive_buffer = 0;         // 0 = the system's
    SSL_SESSION* resume = nullptr;  // whose ticket to show
  };

  TlsClient(std::uint16_t port, const Wishes& wishes)
      : WireClient(port, wishes.receive_buffer), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    if (wishes.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), wishes.version);
      SSL_CTX_set_max_proto_version(context_.get(), wishes.version);
      SSL_CTX_set_security_level(context_.get(), 0);  // else OpenSSL does not offer what is old
    }
    if (!wishes.ciphers.empty()) SSL_CTX_set_cipher_list(context_.get(), wishes.ciphers.c_str());
    if (!wishes.authority.empty()) {
      SSL_CTX_load_verify_locations(context_.get(), wishes.authority.c_str(), nullptr);
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!wishes.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wishes.protocols.data()),
                          static_cast<unsigned>(wishes.protocols.size()));
    }
    if (wishes.resume != nullptr) SSL_set_session(ssl_.get(), wishes.resume);
    bio_ = std::make_unique<Bytes>(Bytes{descriptor(), wishes.byte_by_byte});
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, bio_.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    ERR_clear_error();
    connected_ = SSL_connect(ssl_.get()) == 1;
    if (!connected_) {
      const char* why = ERR_reason_error_string(ERR_peek_last_error());
      why_not_ = why != nullptr ? why : "the connection ended";
    }
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  // Whether the server has said that nothing more comes.
  [[nodiscard]] bool said_goodbye() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  // Holds back what is sent until there is much of it, or it is uncorked.
  void cork(bool on) const {
    const int value = on ? 1 : 0;
    ::setsockopt(descriptor(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
  }
  void say_goodbye() const { SSL_shutdown(ssl_.get()); }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

 protected:
  ssize_t write(std::string_view bytes) const override {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  ssize_t read_some(std::span<char> into) override {
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    return got > 0 ? got : SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }

 private:
  struct Bytes {
    int socket;
    bool one_by_one;
  };
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "test");
      BIO_meth_set_read(method, [](BIO* bio, char* into, int size) {
        return static_cast<int>(
            ::recv(static_cast<Bytes*>(BIO_get_data(bio))->socket, into, static_cast<std::size_t>(size), 0));
      });
      BIO_meth_set_write(method, [](BIO* bio, const char* bytes, int size) {
        const auto& [socket, one_by_one] = *static_cast<Bytes*>(BIO_get_data(bio));
        const std::size_t now = one_by_one ? 1 : static_cast<std::size_t>(size);
        const int nodelay = 1;
        if (one_by_one) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay);
        return static_cast<int>(::send(socket, bytes, now, MSG_NOSIGNAL));
      });
      BIO_meth_set_ctrl(method, [](BIO*, int command, long, void*) { return long{command == BIO_CTRL_FLUSH}; });
      return method;
    }();
    return made;
  }
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  std::shared_ptr<SSL_CTX> context_;
  std::unique_ptr<Bytes> bio_;
  std::unique_ptr<SSL, Free> ssl_;
  bool connected_ = false;
  std::string why_not_;
};

}  // namespace flashbid::test
