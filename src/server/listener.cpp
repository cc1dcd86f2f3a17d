#include "server/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

#include "wire/http_response.hpp"

namespace flashbid {
namespace {

constexpr int backlog = 4'096;
constexpr std::chrono::milliseconds pause_without_descriptors{100};

// One write without waiting: whoever cannot take it sees the connection end.
void refuse_connection(int socket) {
  std::string answer;
  append_problem(answer, {ErrorCode::unavailable, "too many connections; try again in a moment"},
                 {.keep_alive = false, .without_body = false, .extra_headers = {}});
  (void)::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket, SHUT_WR);
}

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Listener::Listener(std::vector<LoopServer*> loops, ServerShared& shared)
    : loops_(std::move(loops)),
      shared_(shared),
      acceptor_(loops_.front()->loop().io()),
      pause_(loops_.front()->loop().io()),
      reserve_(open_reserve()) {}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

Result<void> Listener::open(const boost::asio::ip::tcp::endpoint& address) {
  boost::system::error_code error;
  const auto failed = [&](const char* what) {
    return fail(Failure::invalid, std::string(what) + " " + address.address().to_string() + " port " +
                                      std::to_string(address.port()) + ": " + error.message());
  };
  acceptor_.open(address.protocol(), error);
  if (error) return failed("cannot make a socket for");
  acceptor_.set_option(boost::asio::ip::tcp::acceptor::reuse_address(true), error);
  acceptor_.bind(address, error);
  if (error) return failed("cannot listen on");
  acceptor_.listen(backlog, error);
  if (error) return failed("cannot listen on");
  address_ = acceptor_.local_endpoint(error);
  return {};
}

void Listener::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::accept() {
  const std::size_t loop = next_loop_++ % loops_.size();
  acceptor_.async_accept(loops_[loop]->loop().io(),
                         [this, loop](const boost::system::error_code& error, Connection::Socket socket) {
                           accepted(error, loop, std::move(socket));
                         });
}

void Listener::accepted(const boost::system::error_code& error, std::size_t loop, Connection::Socket socket) {
  if (!acceptor_.is_open()) return;
  if (error) {
    const int number = error.value();
    if (number == EMFILE || number == ENFILE) return out_of_descriptors();
    if (number == ENOBUFS || number == ENOMEM) return pause();
    return accept();  // the client has gone already
  }
  if (shared_.connections.load(std::memory_order_relaxed) >= shared_.limits.connections) {
    refuse_connection(socket.native_handle());
    loops_.front()->traffic().refused_connections.add();
    boost::system::error_code ignored;
    socket.close(ignored);
    return accept();
  }
  boost::system::error_code ignored;
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  if (loop == 0) {
    loops_[0]->adopt(std::move(socket));
  } else {
    LoopServer* there = loops_[loop];
    there->loop().post([there, socket = std::move(socket)]() mutable { there->adopt(std::move(socket)); });
  }
  accept();
}

// A connection that cannot be taken would wake the loop for ever: the reserve takes it for a moment and refuses it.
void Listener::out_of_descriptors() {
  loops_.front()->traffic().refused_connections.add();
  if (reserve_ >= 0) ::close(reserve_);
  const int taken = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (taken >= 0) {
    refuse_connection(taken);
    ::close(taken);
  }
  reserve_ = open_reserve();
  pause();
}

void Listener::pause() {
  pause_.expires_after(pause_without_descriptors);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error && acceptor_.is_open()) accept();
  });
}

}  // namespace flashbid
