// How this server speaks TLS: 1.2 and 1.3, forward secret AEAD suites only, HTTP/1.1 only, no renegotiation. A context
// is made once for each certificate and shared by its connections, on any thread.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace flashbid {

// PEM, both. `certificate`: the server's own first, then the chain without the root.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

using TlsContext = std::shared_ptr<SSL_CTX>;

// Failure::invalid, naming the file and what is wrong with it.
[[nodiscard]] Result<TlsContext> make_tls_context(const CertificateFiles& files);

}  // namespace flashbid
