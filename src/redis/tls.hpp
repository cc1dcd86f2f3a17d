// TLS towards Redis: whom to believe and who we are. A context is made once a client and shared by its connections.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "redis/url.hpp"

namespace flashbid::redis {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

// Nothing without TLS in the URL; invalid, with the file's name, if a certificate or key cannot be used.
[[nodiscard]] Result<TlsContext> make_tls_context(const Url& url);
// A stream that will refuse a certificate which is not of `host`.
[[nodiscard]] std::unique_ptr<TlsStream> make_tls_stream(boost::asio::ip::tcp::socket& socket,
                                                         boost::asio::ssl::context& context, const std::string& host);
// Why a handshake failed, in words.
[[nodiscard]] std::string why_handshake_failed(TlsStream& stream, const boost::system::error_code& error);

}  // namespace flashbid::redis
