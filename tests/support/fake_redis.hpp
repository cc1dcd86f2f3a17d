// A server that speaks as a test tells it to: a listening socket on loopback and a thread a connection. What it is told
// is asked on those threads, one at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace flashbid::testing {

class FakeRedis {
 public:
  using Words = std::vector<std::string>;
  // The bytes to answer with, "" = silence; none = closes the connection, after `last_words`.
  using Answer = std::function<std::optional<std::string>(const Words&)>;

  explicit FakeRedis(Answer answer)
      : answer_(std::move(answer)), acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    acceptor_thread_ = std::thread([this] { accept(); });
  }
  ~FakeRedis() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      for (auto& socket : sockets_) ::shutdown(socket.native_handle(), SHUT_RDWR);
    }
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    acceptor_thread_.join();
    for (auto& thread : threads_) thread.join();
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  // What came, without what every connection begins with and pings.
  [[nodiscard]] std::vector<std::string> heard() {
    const std::scoped_lock lock(mutex_);
    return heard_;
  }
  // Written before the next close.
  void last_words(std::string bytes) {
    const std::scoped_lock lock(mutex_);
    last_words_ = std::move(bytes);
  }
  // Before the first connection: whether INFO says cluster_enabled:1, whether it is answered at all, what PING is
  // answered with.
  bool cluster = false;
  bool tells_of_itself = true;
  std::string ping_answer = "+PONG\r\n";

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void accept() {
    for (;;) {
      boost::system::error_code error;
      Socket socket(io_);
      acceptor_.accept(socket, error);
      const std::scoped_lock lock(mutex_);
      if (error || stopping_) return;
      sockets_.push_back(std::move(socket));
      threads_.emplace_back([this, mine = &sockets_.back()] { talk(*mine); });
    }
  }

  static std::optional<Words> take_command(std::string& bytes) {
    std::size_t at = 0;
    const auto number = [&](char sign) -> std::optional<std::size_t> {
      const auto end = bytes.find("\r\n", at);
      if (end == std::string::npos || bytes[at] != sign) return std::nullopt;
      const std::size_t value = std::stoul(bytes.substr(at + 1, end - at - 1));
      at = end + 2;
      return value;
    };
    const auto count = number('*');
    if (!count) return std::nullopt;
    Words words;
    for (std::size_t i = 0; i < *count; ++i) {
      const auto size = at < bytes.size() ? number('$') : std::nullopt;
      if (!size || bytes.size() < at + *size + 2) return std::nullopt;
      words.push_back(bytes.substr(at, *size));
      at += *size + 2;
    }
    bytes.erase(0, at);
    return words;
  }

  std::optional<std::string> answer(const Words& words) {
    if (words.front() == "PING") return ping_answer;
    if (words.front() == "INFO") {
      if (!tells_of_itself) return "";
      const std::string text =
          std::string("redis_version:7.0.15\r\nrun_id:fake\r\nrole:master\r\nloading:0\r\ncluster_enabled:") +
          (cluster ? "1" : "0") + "\r\n";
      return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    if (words.front() != "CLUSTER") heard_.push_back(line);
    return answer_(words);
  }

  void talk(Socket& socket) {
    std::string bytes;
    for (;;) {
      char piece[4096];
      boost::system::error_code error;
      const std::size_t size = socket.read_some(boost::asio::buffer(piece), error);
      if (error) break;
      bytes.append(piece, size);
      while (const auto words = take_command(bytes)) {
        std::optional<std::string> out;
        {
          const std::scoped_lock lock(mutex_);
          out = answer(*words);
          if (!out && !last_words_.empty()) boost::asio::write(socket, boost::asio::buffer(last_words_), error);
        }
        if (!out) {
          ::shutdown(socket.native_handle(), SHUT_RDWR);
          return;
        }
        boost::asio::write(socket, boost::asio::buffer(*out), error);
      }
    }
  }

  std::mutex mutex_;  // guards all below but the port and the acceptor
  Answer answer_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::list<Socket> sockets_;
  std::vector<std::thread> threads_;
  std::vector<std::string> heard_;
  std::string last_words_;
  bool stopping_ = false;
  std::thread acceptor_thread_;
};

}  // namespace flashbid::testing
