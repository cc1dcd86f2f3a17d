#include "relay/amqp/connection.hpp"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace flashbid::amqp {
namespace {

constexpr std::chrono::milliseconds connect_timeout{3'000};
constexpr std::chrono::milliseconds login_timeout{3'000};
constexpr std::chrono::milliseconds answer_timeout{5'000};
constexpr std::chrono::milliseconds goodbye_timeout{500};
// Of bytes that the broker does not take, as under an alarm, when it reads nothing.
constexpr unsigned send_timeout_ms = 10'000;
constexpr std::chrono::milliseconds quiet_after_failure{300};

amqp_table_entry_t capability(const char* name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

// "NOT_FOUND - no queue …", from a method that closes a channel or the connection; empty from any other.
std::string why_closed(const amqp_method_t& method) {
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    return std::string(text_of(close->reply_text));
  }
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    return std::string(text_of(close->reply_text));
  }
  if (method.id == AMQP_BASIC_CANCEL_METHOD) return "it has ended a consumer: its queue is gone, or moves";
  return {};
}

bool is_cut_off(const amqp_rpc_reply_t& reply) {
  return reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
         (reply.library_error == AMQP_STATUS_SOCKET_ERROR || reply.library_error == AMQP_STATUS_CONNECTION_CLOSED);
}

}  // namespace

timeval timeval_of(std::chrono::milliseconds time) {
  constexpr std::int64_t second = 1'000;
  return {.tv_sec = time.count() / second, .tv_usec = time.count() % second * second};
}

Result<std::unique_ptr<Connection>> Connection::open(const AmqpUrl& url, std::chrono::seconds heartbeat) {
  std::unique_ptr<Connection> made(new Connection(url));
  if (made->state_ == nullptr) return made->refuse("there is no memory for a connection");
  if (auto connected = made->connect(url); !connected) return std::unexpected(std::move(connected.error()));
  if (auto logged_in = made->log_in(url, heartbeat); !logged_in) return std::unexpected(std::move(logged_in.error()));
  return made;
}

Result<void> Connection::connect(const AmqpUrl& url) {
  amqp_socket_t* socket = url.tls ? amqp_ssl_socket_new(state_) : amqp_tcp_socket_new(state_);
  if (socket == nullptr) return refuse("there is no memory for a socket");
  if (url.tls) {
    auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
    if (auto applied = certificate_.apply(*context, url); !applied) return refuse(applied.error().detail);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // refused before anything else is said
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 0);
    if (auto set = check(amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST), "asking for TLS");
        !set) {
      return set;
    }
  }
  const timeval patience = timeval_of(connect_timeout);
  const int opened = amqp_socket_open_noblock(socket, url.host.c_str(), url.port, &patience);
  if (const std::string why = certificate_.why_refused(); !why.empty()) return failed(why);
  if (opened == AMQP_STATUS_SSL_CONNECTION_FAILED) {
    return failed("the TLS handshake failed (a port without TLS wants amqp://)");
  }
  if (auto done = check(opened, "connecting"); !done) return done;
  // The library waits for ever until its bytes are taken.
  if (::setsockopt(amqp_socket_get_sockfd(socket), IPPROTO_TCP, TCP_USER_TIMEOUT, &send_timeout_ms,
                   sizeof send_timeout_ms) != 0) {
    return refuse("a time limit cannot be set on its socket");
  }
  return {};
}

Result<void> Connection::log_in(const AmqpUrl& url, std::chrono::seconds heartbeat) {
  const timeval login = timeval_of(login_timeout);
  const timeval answer = timeval_of(answer_timeout);
  amqp_set_handshake_timeout(state_, &login);
  amqp_set_rpc_timeout(state_, &answer);
  // Alarms and the end of a consumer are told to those who say that they understand it.
  std::array<amqp_table_entry_t, 4> can{capability("connection.blocked"), capability("consumer_cancel_notify"),
                                        capability("basic.nack"), capability("authentication_failure_close")};
  amqp_table_entry_t capabilities{};
  capabilities.key = amqp_cstring_bytes("capabilities");
  capabilities.value.kind = AMQP_FIELD_KIND_TABLE;
  capabilities.value.value.table = {.num_entries = static_cast<int>(can.size()), .entries = can.data()};
  amqp_table_entry_t product{};
  product.key = amqp_cstring_bytes("product");
  product.value.kind = AMQP_FIELD_KIND_UTF8;
  product.value.value.bytes = amqp_cstring_bytes("flashbid");
  std::array<amqp_table_entry_t, 2> entries{capabilities, product};
  const amqp_table_t properties{.num_entries = static_cast<int>(entries.size()), .entries = entries.data()};
  constexpr int most_channels = 2'047;
  constexpr int frame_size = 131'072;
  const amqp_rpc_reply_t reply = amqp_login_with_properties(
      state_, url.vhost.c_str(), most_channels, frame_size, static_cast<int>(heartbeat.count()), &properties,
      AMQP_SASL_METHOD_PLAIN, url.user.c_str(), url.password.c_str());
  if (!url.tls && is_cut_off(reply)) return failed("it hangs up on a login (a port for TLS wants amqps://)");
  return check(reply, "logging in");
}

// Without a goodbye it would log a client that has vanished, and might lose acknowledgements that are on their way.
Connection::~Connection() {
  if (state_ == nullptr) return;
  if (well_) {
    const timeval goodbye = timeval_of(goodbye_timeout);
    amqp_set_rpc_timeout(state_, &goodbye);
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
  }
  amqp_destroy_connection(state_);
}

Result<void> Connection::open_channel(amqp_channel_t channel) {
  amqp_channel_open(state_, channel);
  return check_last("opening a channel");
}

Result<void> Connection::check(const amqp_rpc_reply_t& reply, std::string_view doing) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    well_ = true;
    return {};
  }
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return check(reply.library_error, doing);
  const std::string why = reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION ? why_closed(reply.reply) : std::string();
  return failed(fmt::format("{}: {}", doing, why.empty() ? "there was no answer" : why));
}

Result<void> Connection::check(int status, std::string_view doing) {
  if (status == AMQP_STATUS_OK) return {};
  return failed(fmt::format("{}: {}", doing, amqp_error_string2(status)));
}

Result<void> Connection::check_last(std::string_view doing) { return check(amqp_get_rpc_reply(state_), doing); }

Result<void> Connection::check(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return {};
  const std::string why = why_closed(frame.payload.method);
  if (why.empty()) return {};
  return failed(why);
}

std::unexpected<Error> Connection::failed(std::string_view what) {
  well_ = false;
  return refuse(what);
}

std::unexpected<Error> Connection::refuse(std::string_view what) const {
  return fail(Failure::unavailable, fmt::format("RabbitMQ at {}: {}", shown_, what));
}

Result<void> Link::make() {
  auto opened = Connection::open(url_, heartbeat_);
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (auto set_up = set_up_(**opened); !set_up) return set_up;
  connection_ = std::move(*opened);
  ++generation_;
  return {};
}

Result<Connection*> Link::connection() {
  if (connection_) return connection_.get();
  if (Clock::now() < quiet_until_) return std::unexpected(last_failure_);
  if (auto made = make(); !made) {
    last_failure_ = std::move(made.error());
    quiet_until_ = Clock::now() + quiet_after_failure;
    return std::unexpected(last_failure_);
  }
  return connection_.get();
}

}  // namespace flashbid::amqp
