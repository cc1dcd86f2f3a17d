// One connection of a limit: reads what has arrived and counts the requests in it. One thread; never parses more than
// where a request ends.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "shared/http_scan.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {

class RequestReader {
 public:
  explicit RequestReader(Descriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int fd() const { return socket_.get(); }

  // Reads once. How many requests are whole now (they are taken out); none if the peer has gone.
  std::optional<std::size_t> receive() {
    const ssize_t got = recv(fd(), buffer_.data() + size_, buffer_.size() - size_, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) return std::nullopt;
    size_ += static_cast<std::size_t>(got);
    std::size_t taken = 0;
    std::size_t requests = 0;
    while (const auto message = scan_message({buffer_.data() + taken, size_ - taken})) {
      taken += message->total_bytes;
      ++requests;
    }
    size_ -= taken;
    if (size_ != 0) std::memmove(buffer_.data(), buffer_.data() + taken, size_);
    return requests;
  }

 private:
  Descriptor socket_;
  std::size_t size_ = 0;
  std::array<char, 16 * 1024> buffer_;
};

}  // namespace flashbid::bench
