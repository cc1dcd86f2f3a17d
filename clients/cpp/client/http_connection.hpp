// A keep-alive HTTP/1.1 client connection with one request in flight. Lives on the thread of its io_context.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/line.hpp"
#include "client/response_reader.hpp"

namespace flashbid::client {

// How an exchange ended.
enum class Exchanged : unsigned char {
  answered,
  not_sent,   // no connection: not a byte left
  lost,       // sent, at least in part, and no answer came
  malformed,  // sent, and what came is no HTTP response
};

class HttpConnection {
 public:
  // Begins at the `first` of the servers and goes on to the next one whenever it is not let in.
  HttpConnection(boost::asio::io_context& io, Deadlines& deadlines, const std::vector<Endpoint>& servers,
                 std::size_t first)
      : line_(io, deadlines), servers_(servers), at_(first) {}

  // Connects if there is no connection; false if that fails.
  [[nodiscard]] Awaitable<bool> ready();
  // Sends `request` (whole, as bytes) and waits for the answer, at most `timeout_ns`.
  [[nodiscard]] Awaitable<Exchanged> exchange(std::string_view request, std::int64_t timeout_ns);
  void close() { line_.close(); }

  // Of the last exchange, until the next one.
  [[nodiscard]] const Response& response() const { return response_; }
  [[nodiscard]] std::int64_t sent_ns() const { return sent_ns_; }
  [[nodiscard]] std::int64_t answered_ns() const { return answered_ns_; }

 private:
  Line line_;
  const std::vector<Endpoint>& servers_;
  std::size_t at_;
  std::string buffer_;
  Response response_;
  std::int64_t sent_ns_ = 0;
  std::int64_t answered_ns_ = 0;
};

}  // namespace flashbid::client
