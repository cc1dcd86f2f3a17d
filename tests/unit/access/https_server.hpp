// An https server on loopback with a certificate of its own, on a thread of its own: it answers what it was told to.
// Tests only.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "support/temporary_folder.hpp"
#include "unit/access/keys.hpp"

namespace flashbid::access::testing {

class HttpsServer {
 public:
  // `name`: what its certificate is for.
  explicit HttpsServer(const std::string& name = "IP:127.0.0.1")
      : key_(new_ec()), context_(SSL_CTX_new(TLS_server_method())) {
    make_certificate(name);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 8) == 0 &&
                ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
            "a server listens on loopback");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpsServer() {
    ended_ = true;
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/jwks.json"; }
  [[nodiscard]] std::string ca_file() const { return (folder_.path() / "ca.pem").string(); }
  void answer(const std::string& body, const std::string& status = "200 OK") {
    const std::scoped_lock lock(mutex_);
    answer_ = "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body;
  }
  // Nothing at all: it waits until the other side goes.
  void answer_nothing() {
    const std::scoped_lock lock(mutex_);
    answer_.clear();
  }
  [[nodiscard]] int requests() const { return requests_; }
  // Whether a request waits for an answer that does not come.
  [[nodiscard]] bool is_silent() const { return is_silent_; }

 private:
  void make_certificate(const std::string& name) {
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(made), 36'000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, bytes_of("test"), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_set_pubkey(made, key_.get());
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(made, names, -1);
    X509_EXTENSION_free(names);
    require(X509_sign(made, key_.get(), EVP_sha256()) > 0 && SSL_CTX_use_certificate(context_, made) == 1 &&
                SSL_CTX_use_PrivateKey(context_, key_.get()) == 1,
            "a server has its certificate");
    std::ofstream(ca_file()) << written([&](BIO* bio) { return PEM_write_bio_X509(bio, made); });
    X509_free(made);
  }

  // Until there is something to read, or the end.
  [[nodiscard]] bool wait_for(int fd) const {
    while (!ended_) {
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void serve() {
    // Who has gone away before the answer is no reason to die.
    sigset_t gone;
    sigemptyset(&gone);
    sigaddset(&gone, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &gone, nullptr);
    while (wait_for(listener_)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      SSL* session = SSL_new(context_);
      SSL_set_fd(session, fd);
      if (SSL_accept(session) == 1) reply(session, fd);
      SSL_free(session);
      ERR_clear_error();
      ::close(fd);
    }
  }

  void reply(SSL* session, int fd) {
    std::array<char, 4096> bytes{};
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const int size = SSL_read(session, bytes.data(), static_cast<int>(bytes.size()));
      if (size <= 0) return;
      request.append(bytes.data(), static_cast<std::size_t>(size));
    }
    ++requests_;
    std::string answer;
    {
      const std::scoped_lock lock(mutex_);
      answer = answer_;
    }
    if (answer.empty()) {
      is_silent_ = true;
      static_cast<void>(wait_for(fd));
      return;
    }
    SSL_write(session, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(session);
  }

  flashbid::testing::TemporaryFolder folder_;
  OwnedKey key_;
  SSL_CTX* context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ended_{false};
  std::atomic<bool> is_silent_{false};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::string answer_;
  std::thread thread_;
};

}  // namespace flashbid::access::testing
