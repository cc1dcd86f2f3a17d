#include "client/line.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace flashbid::client {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::int64_t connect_timeout_ns = 5'000'000'000;

}  // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Line::Line(boost::asio::io_context& io, Deadlines& deadlines) : Bounded(deadlines), socket_(io) {}

Line::~Line() { close(); }

void Line::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Awaitable<bool> Line::connect(Endpoint server) {
  close();
  set_deadline(now_ns() + connect_timeout_ns);
  const auto [error] = co_await socket_.async_connect(server, quietly);
  set_deadline(0);
  if (error) {
    close();
    co_return false;
  }
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  co_return true;
}

std::ptrdiff_t Line::send_now(std::string_view bytes) {
  if (!socket_.is_open()) return -1;
  boost::system::error_code error;
  const std::size_t sent = socket_.send(boost::asio::buffer(bytes), 0, error);
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) return 0;
  if (error) {
    close();
    return -1;
  }
  return static_cast<std::ptrdiff_t>(sent);
}

Awaitable<bool> Line::wait_writable() {
  const auto [error] = co_await socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, quietly);
  co_return !error && socket_.is_open();
}

Awaitable<bool> Line::connect(const std::vector<Endpoint>& servers, std::size_t& at) {
  if (co_await connect(servers[at % servers.size()])) co_return true;
  ++at;
  co_return false;
}

Awaitable<bool> Line::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::ptrdiff_t sent = send_now(bytes);
    if (sent < 0) co_return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (!bytes.empty() && !co_await wait_writable()) co_return false;
  }
  co_return true;
}

bool Line::receive_now(std::string& buffer) {
  std::array<char, 64 * 1024> bytes;  // filled by the read
  boost::system::error_code error;
  const std::size_t count = socket_.receive(boost::asio::buffer(bytes), 0, error);
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) return true;
  if (error || count == 0) {
    close();
    return false;
  }
  buffer.append(bytes.data(), count);
  return true;
}

Awaitable<bool> Line::read_some(std::string& buffer) {
  const std::size_t before = buffer.size();
  while (buffer.size() == before) {
    if (!socket_.is_open()) co_return false;
    const auto [error] = co_await socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, quietly);
    if (error || !socket_.is_open() || !receive_now(buffer)) co_return false;
  }
  co_return true;
}

}  // namespace flashbid::client
