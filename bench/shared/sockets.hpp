// Loopback sockets and epoll as the benchmarks' programs use them. One thread. A system call that fails where it must
// not ends the program with a message: a benchmark with a broken socket has no figure to give.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace flashbid::bench {

// Prints what was being done and errno's text, and exits 1.
[[noreturn]] void die(std::string_view doing);

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// As many open files as this process may have.
void raise_descriptor_limit();

// A non-blocking listener on 127.0.0.1; port 0 picks one. Prints `listening on http://127.0.0.1:PORT`, as the server
// does.
[[nodiscard]] Descriptor listen_loopback(std::uint16_t port);
// The next waiting connection, non-blocking and without delay; none if none waits.
[[nodiscard]] Descriptor accept_one(int listener);
// A connection to 127.0.0.1, non-blocking and without delay.
[[nodiscard]] Descriptor connect_loopback(std::uint16_t port);

// Sends all of it, waiting where the socket is full; false if the peer has gone.
bool send_all(int fd, std::string_view bytes);

class Poll {
 public:
  Poll();
  // Watches for reading; `token` comes back with each of its events.
  void add(int fd, void* token);
  void remove(int fd);
  // What is ready, after at most `timeout_ns` (negative = without end).
  [[nodiscard]] std::span<const epoll_event> wait(std::int64_t timeout_ns);

 private:
  Descriptor epoll_;
  std::vector<epoll_event> events_;
};

// Nanoseconds of the monotone clock.
[[nodiscard]] std::int64_t now_ns();

}  // namespace flashbid::bench
