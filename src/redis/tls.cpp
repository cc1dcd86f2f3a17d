#include "redis/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

namespace flashbid::redis {

namespace ssl = boost::asio::ssl;

Result<TlsContext> make_tls_context(const Url& url) {
  if (!url.tls) return TlsContext();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  const auto refuse = [&error](std::string_view what, std::string_view file) {
    return fail(Failure::invalid, fmt::format("{} {} cannot be used for TLS: {}", what, file, error.message()));
  };
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(ssl::verify_peer, error);
  if (url.ca_file.empty()) {
    context->set_default_verify_paths(error);
    if (error) return refuse("the system's store of", "certificates");
  } else if (context->load_verify_file(url.ca_file, error); error) {
    return refuse("the CA file", url.ca_file);
  }
  if (!url.cert_file.empty()) {
    if (context->use_certificate_chain_file(url.cert_file, error); error)
      return refuse("the certificate", url.cert_file);
    if (context->use_private_key_file(url.key_file, ssl::context::pem, error); error) {
      return refuse("the key", url.key_file);
    }
  }
  return context;
}

std::unique_ptr<TlsStream> make_tls_stream(boost::asio::ip::tcp::socket& socket, ssl::context& context,
                                           const std::string& host) {
  auto stream = std::make_unique<TlsStream>(socket, context);
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  // A name, not an address, is told to the server, so that it can choose its certificate.
  if (error) SSL_set_tlsext_host_name(stream->native_handle(), host.c_str());
  stream->set_verify_callback(ssl::host_name_verification(host), error);
  return stream;
}

std::string why_handshake_failed(TlsStream& stream, const boost::system::error_code& error) {
  const auto verdict = SSL_get_verify_result(stream.native_handle());
  if (verdict == X509_V_OK) return error.message();
  return fmt::format("its certificate is refused: {}", X509_verify_cert_error_string(verdict));
}

}  // namespace flashbid::redis
