#include "server/listener.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/http_response.hpp"

namespace flashbid {
namespace {

constexpr int backlog = 4'096;
constexpr std::chrono::milliseconds pause_without_descriptors{100};
// Accepted in a row; then it is the connections' turn.
constexpr int most_accepted = 64;

// One write without waiting: whoever cannot take it sees the connection end.
void refuse_connection(const Socket& socket) {
  std::string answer;
  append_problem(answer, {ErrorCode::unavailable, "too many connections; try again in a moment"},
                 {.keep_alive = false, .without_body = false, .extra_headers = {}});
  (void)::send(socket.descriptor(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket.descriptor(), SHUT_WR);
}

Socket open_reserve() { return Socket(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void switch_on(int descriptor, int level, int option) {
  const int on = 1;
  (void)::setsockopt(descriptor, level, option, &on, sizeof on);
}

}  // namespace

Listener::Listener(std::vector<LoopServer*> loops, ServerShared& shared)
    : loops_(std::move(loops)), shared_(shared), reserve_(open_reserve()) {}

Result<void> Listener::open(const boost::asio::ip::tcp::endpoint& address) {
  const auto failed = [&](const char* what) {
    return fail(Failure::invalid, std::string(what) + " " + address.address().to_string() + " port " +
                                      std::to_string(address.port()) + ": " + std::strerror(errno));
  };
  socket_ = Socket(::socket(address.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket_.is_open()) return failed("cannot make a socket for");
  switch_on(socket_.descriptor(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket_.descriptor(), address.data(), static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(socket_.descriptor(), backlog) != 0) {
    return failed("cannot listen on");
  }
  socklen_t size = static_cast<socklen_t>(address_.capacity());
  if (::getsockname(socket_.descriptor(), address_.data(), &size) != 0) return failed("cannot listen on");
  address_.resize(size);
  return {};
}

void Listener::start() {
  if (!loops_.front()->loop().watch(socket_.descriptor(), *this)) pause();
}

void Listener::on_ready(std::uint32_t) {
  if (!paused_) accept();
}

void Listener::accept() {
  for (int i = 0; socket_.is_open(); ++i) {
    if (i == most_accepted) return loops_.front()->loop().post([this] { accept(); });
    Socket socket(::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      accepted(std::move(socket));
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
        return out_of_descriptors();
      case ENOBUFS:
      case ENOMEM:
        return pause();
      default:
        break;  // the client has gone already
    }
  }
}

void Listener::accepted(Socket socket) {
  if (shared_.connections.load(std::memory_order_relaxed) >= shared_.limits.connections) {
    loops_.front()->traffic().refused_connections.add();
    return refuse_connection(socket);
  }
  switch_on(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY);
  LoopServer& there = *loops_[next_loop_++ % loops_.size()];
  if (there.loop().here()) return there.adopt(std::move(socket));
  there.loop().post([&there, socket = std::move(socket)]() mutable { there.adopt(std::move(socket)); });
}

// A connection that cannot be taken would wait for ever: the reserve takes it for a moment and refuses it.
void Listener::out_of_descriptors() {
  loops_.front()->traffic().refused_connections.add();
  reserve_.close();
  {
    const Socket taken(::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (taken.is_open()) refuse_connection(taken);
  }
  reserve_ = open_reserve();
  pause();
}

void Listener::pause() {
  paused_ = true;
  loops_.front()->loop().after(pause_without_descriptors, [this] {
    paused_ = false;
    accept();
  });
}

}  // namespace flashbid
