#include "shared/sockets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace flashbid::bench {
namespace {

constexpr std::size_t events_a_wait = 512;
constexpr std::int64_t second_ns = 1'000'000'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_without_delay(int fd) {
  const int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("setsockopt TCP_NODELAY");
}

}  // namespace

void die(std::string_view doing) {
  fmt::print(stderr, "{}: {}\n", doing, std::strerror(errno));
  std::exit(1);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

Descriptor listen_loopback(std::uint16_t port) {
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener) die("socket");
  const int on = 1;
  if (setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("setsockopt SO_REUSEADDR");
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  // sockaddr is what the socket calls take every address as.
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) die("bind");
  if (listen(listener.get(), 4096) != 0) die("listen");
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) die("getsockname");
  fmt::print("listening on http://127.0.0.1:{}\n", ntohs(address.sin_port));
  if (std::fflush(stdout) != 0) die("stdout");
  return listener;
}

Descriptor accept_one(int listener) {
  Descriptor connection(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection) {
    send_without_delay(connection.get());
  } else if (errno != EAGAIN && errno != ECONNABORTED) {
    die("accept");
  }
  return connection;
}

Descriptor connect_loopback(std::uint16_t port) {
  Descriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) die("socket");
  const sockaddr_in address = loopback(port);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  send_without_delay(connection.get());
  if (fcntl(connection.get(), F_SETFL, O_NONBLOCK) != 0) die("fcntl");
  return connection;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      if (poll(&writable, 1, -1) < 0 && errno != EINTR) die("poll");
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

Poll::Poll() : epoll_(epoll_create1(EPOLL_CLOEXEC)), events_(events_a_wait) {
  if (!epoll_) die("epoll_create1");
  // Open-loop load leaves at its time, not 50 us (the system's usual slack) after it.
  if (prctl(PR_SET_TIMERSLACK, 1UL) != 0) die("prctl PR_SET_TIMERSLACK");
}

void Poll::add(int fd, void* token) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = token}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void Poll::remove(int fd) {
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) != 0) die("epoll_ctl");
}

std::span<const epoll_event> Poll::wait(std::int64_t timeout_ns) {
  const timespec timeout{.tv_sec = timeout_ns / second_ns, .tv_nsec = timeout_ns % second_ns};
  const int ready = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                 timeout_ns < 0 ? nullptr : &timeout, nullptr);
  if (ready < 0 && errno != EINTR) die("epoll_pwait2");
  return {events_.data(), static_cast<std::size_t>(ready < 0 ? 0 : ready)};
}

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

}  // namespace flashbid::bench
