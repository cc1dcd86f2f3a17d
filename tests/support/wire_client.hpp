// A client that sees bytes: blocking, with a deadline on every read. For tests of the server over real sockets.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "server/socket.hpp"

namespace flashbid::test {

class WireClient {
 public:
  // `receive_buffer` 0 = the system's.
  explicit WireClient(std::uint16_t port, int receive_buffer = 0)
      : WireClient(Socket(::socket(AF_INET, SOCK_STREAM, 0)), port, receive_buffer) {}
  // By a socket that is there already.
  WireClient(Socket socket, std::uint16_t port, int receive_buffer = 0) : socket_(std::move(socket)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const timeval deadline{60, 0};
    ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }

  virtual ~WireClient() = default;
  WireClient(WireClient&&) = default;
  WireClient& operator=(WireClient&&) = default;

  // False if the peer has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = write(bytes);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void half_close() const { ::shutdown(socket_.descriptor(), SHUT_WR); }
  void close() { socket_.close(); }
  [[nodiscard]] int descriptor() const { return socket_.descriptor(); }

  // The next `size` bytes, or fewer if the connection ends.
  std::string read(std::size_t size) {
    while (buffer_.size() < size && receive()) {
    }
    return take(size);
  }
  // Everything up to and including `end`, or what was there when the connection ended.
  std::string read_until(std::string_view end) {
    std::size_t found = 0;
    while ((found = buffer_.find(end)) == std::string::npos && receive()) {
    }
    return take(found == std::string::npos ? buffer_.size() : found + end.size());
  }
  // One response: status and body.
  struct Response {
    int status = 0;
    std::string head;
    std::string body;
  };
  Response response() {
    Response got;
    got.head = read_until("\r\n\r\n");
    if (got.head.size() < 12) return got;
    got.status = std::stoi(got.head.substr(9, 3));
    const std::size_t length = got.head.find("Content-Length: ");
    if (length != std::string::npos) got.body = read(std::stoul(got.head.substr(length + 16)));
    return got;
  }
  // Whether the connection ends, in order, with nothing more said.
  bool ended() { return read(1).empty() && in_order_; }
  bool timed_out() const { return timed_out_; }

  // One frame of a WebSocket: its opcode and payload; opcode 0 if there is none.
  struct Frame {
    unsigned opcode = 0;
    std::string payload;
  };
  Frame frame() {
    const std::string head = read(2);
    if (head.size() < 2) return {};
    std::size_t size = static_cast<unsigned char>(head[1]) & 0x7fU;
    if (size >= 126) {
      std::size_t real = 0;
      for (const char byte : read(size == 126 ? 2 : 8)) real = real << 8U | static_cast<unsigned char>(byte);
      size = real;
    }
    return {static_cast<unsigned char>(head[0]) & 0x0fU, read(size)};
  }
  // A masked frame (with the mask of zeros) of less than 64 KiB.
  void send_frame(unsigned opcode, std::string_view payload) const {
    std::string bytes(1, static_cast<char>(0x80U | opcode));
    if (payload.size() < 126) {
      bytes += static_cast<char>(0x80U | payload.size());
    } else {
      bytes += static_cast<char>(0x80U | 126U);
      bytes += static_cast<char>(payload.size() >> 8U);
      bytes += static_cast<char>(payload.size() & 0xffU);
    }
    bytes += std::string(4, '\0');
    bytes += payload;
    send(bytes);
  }

 protected:
  virtual ssize_t write(std::string_view bytes) const {
    return ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  virtual ssize_t read_some(std::span<char> into) { return ::recv(socket_.descriptor(), into.data(), into.size(), 0); }

 private:
  bool receive() {
    char bytes[65'536];
    const ssize_t got = read_some(bytes);
    if (got > 0) {
      buffer_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    in_order_ = got == 0;
    timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return false;
  }
  std::string take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  Socket socket_;
  std::string buffer_;
  bool in_order_ = false;
  bool timed_out_ = false;
};

// Requests as a client of a dev server sends them.
inline std::string get(std::string_view target, std::string_view headers = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(headers) + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string post_bid(int amount, std::string_view headers = "") {
  return post("/v1/auctions/1/bids", "{\"amount\":" + std::to_string(amount) + "}",
              "X-Bidder: Alice\r\n" + std::string(headers));
}
inline std::string upgrade(std::string_view headers = {}) {
  return get("/v1/stream",
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: flashbid.v1\r\n" +
                 std::string(headers));
}

}  // namespace flashbid::test
