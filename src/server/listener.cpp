#include "server/listener.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/http_response.hpp"

namespace flashbid {
namespace {

constexpr int backlog = 4'096;
constexpr std::chrono::milliseconds pause_without_descriptors{100};
constexpr std::chrono::minutes told_every{1};
// Accepted in a row; then it is the connections' turn.
constexpr int most_accepted = 16;
// Who was refused and may still be reading why.
constexpr std::size_t most_sent_away = 32;

const WireError full{ErrorCode::unavailable, "too many connections; try again in a moment"};
const WireError full_of_you{ErrorCode::rate_limited, "too many connections from your address; close some"};

Socket open_reserve() { return Socket(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void switch_on(int descriptor, int level, int option) {
  const int on = 1;
  (void)::setsockopt(descriptor, level, option, &on, sizeof on);
}

}  // namespace

Listener::Listener(std::vector<LoopServer*> loops, ServerShared& shared, Entrance entrance)
    : loops_(std::move(loops)), shared_(shared), entrance_(entrance), reserve_(open_reserve()) {}

Result<void> Listener::open(const boost::asio::ip::tcp::endpoint& address) {
  const auto failed = [&](const char* what) {
    const std::string why = std::strerror(errno);  // before anything else may set it
    return fail(Failure::invalid, std::string(what) + " " + address.address().to_string() + " port " +
                                      std::to_string(address.port()) + ": " + why);
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
    if (i == most_accepted) return loops_.front()->loop().post_next_round([this] { accept(); });
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
    return send_away(std::move(socket), NoConnection::connections);
  }
  Peer peer{.address = peer_address(socket.descriptor()), .place = {}};
  if (!shared_.access.is_trusted(peer.address)) {
    auto place = AddressPlace::take(*shared_.by_address, peer.address);
    if (!place) return send_away(std::move(socket), NoConnection::connections_per_address);
    peer.place = std::move(*place);
  }
  switch_on(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY);
  LoopServer& there = *loops_[next_loop_++ % loops_.size()];
  if (there.loop().here()) return there.adopt(std::move(socket), std::move(peer), entrance_);
  // Counted on its way, too: many may be before the other loop looks.
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  there.loop().post(
      [&there, &shared = shared_, socket = std::move(socket), peer = std::move(peer), entrance = entrance_]() mutable {
        there.adopt(std::move(socket), std::move(peer), entrance);
        shared.connections.fetch_sub(1, std::memory_order_relaxed);
      });
}

// It stays a moment, so that a client that is still writing can read why; there is room for so many of them.
void Listener::send_away(Socket socket, NoConnection why) {
  loops_.front()->traffic().refuse(why);
  refuse(socket, why == NoConnection::connections_per_address ? full_of_you : full);
  if (sent_away_.size() >= most_sent_away || entrance_ == Entrance::tls) return;
  sent_away_.push_back(std::move(socket));
  loops_.front()->loop().after(shared_.limits.drain, [this] { sent_away_.pop_front(); });
}

// One write without waiting: whoever cannot take it sees the connection end, as does who expects TLS.
void Listener::refuse(const Socket& socket, const WireError& why) const {
  if (entrance_ != Entrance::tls) {
    std::string answer;
    append_problem(answer, why, {.keep_alive = false, .without_body = false, .extra_headers = {}});
    (void)::send(socket.descriptor(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ::shutdown(socket.descriptor(), SHUT_WR);
}

// Who cannot be taken would wait for ever: the reserve takes them, one at a time, and refuses them. Then nothing is
// accepted for a moment, however many come.
void Listener::out_of_descriptors() {
  const auto now = std::chrono::steady_clock::now();
  if (!told_ || now - *told_ >= told_every) {
    told_ = now;
    spdlog::warn(
        "no descriptor is left for a connection: new ones are refused until others end; allow more by ulimit -n "
        "(told once a minute)");
  }
  for (int i = 0; i < most_accepted && refuse_next(); ++i) {
  }
  pause();
}

bool Listener::refuse_next() {
  reserve_.close();
  const bool refused = [this] {
    const Socket taken(::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!taken.is_open()) return false;
    loops_.front()->traffic().refuse(NoConnection::descriptors);
    refuse(taken, full);
    return true;
  }();
  reserve_ = open_reserve();
  return refused;
}

void Listener::pause() {
  paused_ = true;
  loops_.front()->loop().after(pause_without_descriptors, [this] {
    paused_ = false;
    accept();
  });
}

}  // namespace flashbid
