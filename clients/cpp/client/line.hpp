// One TCP connection of a client: every wait on it is bounded, no error is thrown. Lives on the thread of its
// io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/deadlines.hpp"

namespace flashbid::client {

using Endpoint = boost::asio::ip::tcp::endpoint;
template <class T>
using Awaitable = boost::asio::awaitable<T>;

// Nanoseconds of the monotonic clock that all of a history's times are of.
[[nodiscard]] std::int64_t now_ns();

class Line final : private Deadlines::Bounded {
 public:
  Line(boost::asio::io_context& io, Deadlines& deadlines);
  ~Line() override;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  // To the server number `at`, modulo how many there are. False if it could not be reached within the timeout: then
  // `at` is the next one.
  [[nodiscard]] Awaitable<bool> connect(const std::vector<Endpoint>& servers, std::size_t& at);
  // Sends all of it, at once as far as the socket takes it; false if the connection broke.
  [[nodiscard]] Awaitable<bool> send(std::string_view bytes);
  // Sends what the socket takes right now and returns how much; -1 if the connection broke. Never waits.
  [[nodiscard]] std::ptrdiff_t send_now(std::string_view bytes);
  // Waits until the socket takes bytes again.
  [[nodiscard]] Awaitable<bool> wait_writable();
  // Appends what arrives to `buffer`; false if the connection ended or nothing came before the deadline.
  [[nodiscard]] Awaitable<bool> read_some(std::string& buffer);

  // From now on a wait that lasts past `ns` of the monotonic clock ends the connection; 0 = no bound.
  void set_deadline(std::int64_t ns) { deadline_ns = ns; }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  void close();

 private:
  [[nodiscard]] Awaitable<bool> connect(Endpoint server);
  void on_deadline() override { close(); }
  bool receive_now(std::string& buffer);
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace flashbid::client
