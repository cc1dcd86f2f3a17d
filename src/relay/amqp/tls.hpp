// Whether the certificate that RabbitMQ shows is believed. Belongs to the thread of the connection that is made with
// it.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "base/result.hpp"
#include "relay/amqp/url.hpp"

namespace flashbid::amqp {

// Failure::invalid if the authorities that the URL names cannot be read; fine for one without TLS.
[[nodiscard]] Result<void> check_authorities(const AmqpUrl& url);

class CertificateCheck {
 public:
  CertificateCheck() = default;
  CertificateCheck(const CertificateCheck&) = delete;
  CertificateCheck& operator=(const CertificateCheck&) = delete;

  // From then on the context refuses a certificate that is not of the URL's host, or that none of its authorities has
  // signed. Must outlive the context.
  [[nodiscard]] Result<void> apply(SSL_CTX& context, const AmqpUrl& url);
  // Why the one that was shown last is refused; empty if it is not.
  [[nodiscard]] std::string why_refused() const;

 private:
  static int verify(X509_STORE_CTX* chain, void* check);
  int verdict_ = X509_V_OK;
};

}  // namespace flashbid::amqp
