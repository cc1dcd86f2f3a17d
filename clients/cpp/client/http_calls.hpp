// Requests over HTTP, asked again where that is safe. As many connections as there are requests at once; a few are
// kept. Lives on the thread of its io_context, and until that has stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/backoff.hpp"
#include "client/http_connection.hpp"
#include "client/servers.hpp"

namespace flashbid::client {

class HttpCalls {
 public:
  HttpCalls(boost::asio::io_context& io, Deadlines& deadlines, Servers& servers, Chance chance)
      : io_(io), deadlines_(deadlines), servers_(servers), chance_(std::move(chance)) {}

  // The body of a 2xx answer to a whole request. `has_effect`: it carries a key, and what became of it may stay
  // unknown.
  [[nodiscard]] Awaitable<Result<std::string>> ask(std::string request, bool has_effect, Milliseconds patience);

 private:
  struct Counter {
    Counter(boost::asio::io_context& io, Deadlines& deadlines, const std::vector<Endpoint>& servers, std::size_t first)
        : connection(io, deadlines, servers, first) {}
    HttpConnection connection;
    bool is_taken = false;
  };
  [[nodiscard]] Counter& take();
  void give_back(Counter& counter);

  boost::asio::io_context& io_;
  Deadlines& deadlines_;
  Servers& servers_;
  Chance chance_;
  std::vector<std::unique_ptr<Counter>> counters_;
};

}  // namespace flashbid::client
