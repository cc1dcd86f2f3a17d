// Where the nodes of one house are: their names, looked up anew after a connection failed. Lives on the thread of its
// io_context.
#pragma once

#include <string>
#include <vector>

#include "client/line.hpp"
#include "client/url.hpp"

namespace flashbid::client {

class Servers {
 public:
  // At least one URL.
  Servers(boost::asio::io_context& io, std::vector<Url> urls);

  // Looks the names up if nothing is known, or after doubt(). False if there is still nothing.
  [[nodiscard]] Awaitable<bool> found();
  void doubt() { is_fresh_ = false; }
  // Stable for as long as this lives; what it holds changes with found().
  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  // Of the first, for the Host header.
  [[nodiscard]] const std::string& authority() const { return authority_; }

 private:
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<Url> urls_;
  std::vector<Endpoint> endpoints_;
  std::string authority_;
  bool is_fresh_ = false;
};

}  // namespace flashbid::client
