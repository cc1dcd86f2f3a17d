#include "server/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/assert.hpp"
#include "base/releasing.hpp"

namespace flashbid {
namespace {

using Bio = std::unique_ptr<BIO, Releasing<BIO_free>>;
using X509Owned = std::unique_ptr<X509, Releasing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releasing<EVP_PKEY_free>>;

constexpr std::size_t most_file_bytes = 1024 * 1024;

Result<std::string> read_file(const std::string& path, std::string_view what) {
  const auto refuse = [&](const char* why) {
    return fail(Failure::invalid, fmt::format("{} {}: {}", what, path, why));
  };
  const std::unique_ptr<FILE, Releasing<std::fclose>> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return refuse(std::strerror(errno));
  std::string text(most_file_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return refuse(std::strerror(errno));
  if (text.size() > most_file_bytes) return refuse("too long for what it should be");
  return text;
}

Bio bio_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string reason() {
  const char* found = ERR_reason_error_string(ERR_peek_last_error());
  return found != nullptr ? found : "unknown to OpenSSL";
}

// Nobody sits there to be asked for a password.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<void> use_certificate(SSL_CTX& context, const std::string& path) {
  const auto refuse = [&](std::string_view why) {
    return fail(Failure::invalid, fmt::format("--tls-cert {}: {}", path, why));
  };
  const Result<std::string> text = read_file(path, "--tls-cert");
  if (!text) return std::unexpected(text.error());
  const Bio bio = bio_of(*text);
  const X509Owned leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) return refuse("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  if (SSL_CTX_use_certificate(&context, leaf.get()) != 1) return refuse("cannot be used: " + reason());
  while (true) {
    ERR_clear_error();
    X509Owned next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(&context, next.get()) != 1) return refuse("its chain cannot be used: " + reason());
    (void)next.release();
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return refuse("a certificate of its chain is no PEM: " + reason());
  }
  return {};
}

Result<void> use_key(SSL_CTX& context, const CertificateFiles& files) {
  const auto refuse = [&](std::string_view why) {
    return fail(Failure::invalid, fmt::format("--tls-key {}: {}", files.key, why));
  };
  Result<std::string> text = read_file(files.key, "--tls-key");
  if (!text) return std::unexpected(text.error());
  bool is_encrypted = false;
  const Key key(PEM_read_bio_PrivateKey(bio_of(*text).get(), nullptr, no_password, &is_encrypted));
  OPENSSL_cleanse(text->data(), text->size());
  if (is_encrypted) return refuse("is encrypted, and nobody can be asked for its password: decrypt it");
  if (!key) return refuse("holds no private key in PEM (-----BEGIN PRIVATE KEY-----)");
  if (X509_check_private_key(SSL_CTX_get0_certificate(&context), key.get()) != 1) {
    return refuse("does not fit the certificate in " + files.certificate);
  }
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1) return refuse("cannot be used: " + reason());
  return {};
}

// HTTP/1.1 for those who ask; who only speaks something else is refused (RFC 7301, 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours.data(), ours.size(), offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void set_rules(SSL_CTX& context) {
  require(SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1, "OpenSSL speaks TLS 1.2");
  require(SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "OpenSSL has AEAD suites");
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_PRIORITIZE_CHACHA |
                                    // Requests have a length: clients that end without a goodbye cut nothing off.
                                    SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A connection that says nothing holds no buffers; each is read into whole.
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(&context, 1);
  // Sessions are kept by clients, in tickets, and not here.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(&context, choose_protocol, nullptr);
}

}  // namespace

Result<TlsContext> make_tls_context(const CertificateFiles& files) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  require(context != nullptr, "OpenSSL has memory");
  set_rules(*context);
  if (auto used = use_certificate(*context, files.certificate); !used) return std::unexpected(used.error());
  if (auto used = use_key(*context, files); !used) return std::unexpected(used.error());
  ERR_clear_error();
  return context;
}

}  // namespace flashbid
