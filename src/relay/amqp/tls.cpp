#include "relay/amqp/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <memory>

namespace flashbid::amqp {
namespace {

Result<void> load_authorities(SSL_CTX& context, const AmqpUrl& url) {
  ERR_clear_error();
  const bool system = url.ca_file.empty();
  const int loaded = system ? SSL_CTX_set_default_verify_paths(&context)
                            : SSL_CTX_load_verify_locations(&context, url.ca_file.c_str(), nullptr);
  if (loaded == 1) return {};
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  return fail(Failure::invalid,
              fmt::format("{} cannot be used for TLS: {}",
                          system ? "the system's store of certificates" : "the CA file " + url.ca_file,
                          why == nullptr ? "no reason is known" : why));
}

}  // namespace

Result<void> check_authorities(const AmqpUrl& url) {
  if (!url.tls) return {};
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context) return fail(Failure::unavailable, "there is no memory for TLS");
  return load_authorities(*context, url);
}

// The library's own look at the host knows no addresses, only names.
Result<void> CertificateCheck::apply(SSL_CTX& context, const AmqpUrl& url) {
  if (auto loaded = load_authorities(context, url); !loaded) return loaded;
  X509_VERIFY_PARAM* wanted = SSL_CTX_get0_param(&context);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, url.host.c_str()) != 1 &&
      X509_VERIFY_PARAM_set1_host(wanted, url.host.c_str(), url.host.size()) != 1) {
    return fail(Failure::invalid, fmt::format("{} can be the host of no certificate", url.host));
  }
  verdict_ = X509_V_OK;
  SSL_CTX_set_cert_verify_callback(&context, &CertificateCheck::verify, this);
  return {};
}

int CertificateCheck::verify(X509_STORE_CTX* chain, void* check) {
  const int verified = X509_verify_cert(chain);
  static_cast<CertificateCheck*>(check)->verdict_ = X509_STORE_CTX_get_error(chain);
  return verified;
}

std::string CertificateCheck::why_refused() const {
  if (verdict_ == X509_V_OK) return {};
  return fmt::format("its certificate is refused: {}", X509_verify_cert_error_string(verdict_));
}

}  // namespace flashbid::amqp
