// A receiver of webhooks on loopback, on a thread of its own: it answers what it was told to and keeps what came.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::testing {

struct Request {
  std::string line;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class WebhookReceiver {
 public:
  WebhookReceiver() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 8) == 0 &&
                ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
            "a receiver listens on loopback");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~WebhookReceiver() {
    ended_ = true;
    thread_.join();
    ::close(listener_);
  }
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  // The next answers, each a status line's end and headers: "503 x\r\nretry-after: 7". Empty = none at all. Behind the
  // last: "200 OK".
  void answer(std::deque<std::string> answers) {
    const std::scoped_lock lock(mutex_);
    answers_ = std::move(answers);
  }
  [[nodiscard]] std::vector<Request> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::uint64_t connections() const { return connections_; }

 private:
  // Until there is something to read, or the end.
  [[nodiscard]] bool wait_for(int fd) const {
    while (!ended_) {
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void serve() {
    while (wait_for(listener_)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      ++connections_;
      std::string bytes;
      while (read_request(fd, bytes) && reply(fd)) {
      }
      ::close(fd);
    }
  }

  bool read_request(int fd, std::string& bytes) {
    std::size_t whole = std::string::npos;
    for (;;) {
      const auto end = bytes.find("\r\n\r\n");
      if (end != std::string::npos) {
        Request request = parse(bytes.substr(0, end + 2));
        whole = end + 4 + std::stoul(request.headers["content-length"]);
        if (bytes.size() >= whole) {
          request.body = bytes.substr(end + 4, whole - end - 4);
          bytes.erase(0, whole);
          const std::scoped_lock lock(mutex_);
          requests_.push_back(std::move(request));
          return true;
        }
      }
      std::array<char, 4096> piece{};
      if (!wait_for(fd)) return false;
      const ssize_t size = ::recv(fd, piece.data(), piece.size(), 0);
      if (size <= 0) return false;
      bytes.append(piece.data(), static_cast<std::size_t>(size));
    }
  }

  static Request parse(const std::string& head) {
    Request request;
    std::size_t from = head.find("\r\n");
    request.line = head.substr(0, from);
    for (from += 2; from < head.size();) {
      const auto end = head.find("\r\n", from);
      const auto colon = head.find(": ", from);
      std::string name = head.substr(from, colon - from);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = head.substr(colon + 2, end - colon - 2);
      from = end + 2;
    }
    return request;
  }

  // False ends the connection.
  bool reply(int fd) {
    std::string status = "200 OK";
    {
      const std::scoped_lock lock(mutex_);
      if (!answers_.empty()) {
        status = answers_.front();
        answers_.pop_front();
      }
    }
    if (status.empty()) return wait_for(fd) && false;
    const std::string text = "HTTP/1.1 " + status + "\r\ncontent-length: 2\r\n\r\nok";
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  int listener_;
  int port_ = 0;
  std::atomic<bool> ended_ = false;
  std::atomic<std::uint64_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::deque<std::string> answers_;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace flashbid::testing
