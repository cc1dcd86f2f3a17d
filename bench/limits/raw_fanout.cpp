// The limit of fan-out (quality.md S6): each request is one event, and each event is the same WebSocket frame sent with
// one send() to every watcher; then the request is answered. Speaks just enough of HTTP and WebSocket for the load's
// clients: an upgrade gets the answer to RFC 6455's sample key, a watcher's first frame gets a snapshot.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/file_text.hpp"
#include "shared/http_scan.hpp"

#include <sys/socket.h>

namespace flashbid::bench {
namespace {

constexpr std::string_view upgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: flashbid.v1\r\n\r\n";
constexpr std::string_view snapshot = "\x81\x13{\"type\":\"snapshot\"}";

class Fanout {
 public:
  Fanout(std::uint16_t port, std::string reply, std::string frame)
      : listener_(listen_loopback(port)), reply_(std::move(reply)), frame_(std::move(frame)) {
    poll_.add(listener_.get(), nullptr);
  }

  void run() {
    for (;;) {
      for (const epoll_event& event : poll_.wait(-1)) {
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          read_from(static_cast<Peer*>(event.data.ptr));
        }
      }
    }
  }

 private:
  enum class Role { asker, upgraded, watcher };
  struct Peer {
    Descriptor socket;
    Role role = Role::asker;
    std::string input;
  };

  void accept_all() {
    while (Descriptor socket = accept_one(listener_.get())) {
      auto* peer = new Peer{.socket = std::move(socket)};  // lives until it goes
      poll_.add(peer->socket.get(), peer);
    }
  }

  void read_from(Peer* peer) {
    char bytes[16 * 1024];
    const ssize_t got = recv(peer->socket.get(), bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      std::erase(watchers_, peer->socket.get());
      delete peer;
      return;
    }
    switch (peer->role) {
      case Role::asker:
        peer->input.append(bytes, static_cast<std::size_t>(got));
        take_requests(*peer);
        break;
      case Role::upgraded:
        peer->role = Role::watcher;
        watchers_.push_back(peer->socket.get());
        static_cast<void>(send_all(peer->socket.get(), snapshot));
        break;
      case Role::watcher:  // what watchers say later changes nothing
        break;
    }
  }

  void take_requests(Peer& peer) {
    while (const auto message = scan_message(peer.input)) {
      const bool upgrade = peer.input.starts_with("GET ");
      peer.input.erase(0, message->total_bytes);
      if (upgrade) {
        peer.role = Role::upgraded;
        static_cast<void>(send_all(peer.socket.get(), upgraded));
        return;
      }
      for (const int watcher : watchers_) static_cast<void>(send_all(watcher, frame_));
      static_cast<void>(send_all(peer.socket.get(), reply_));
    }
  }

  Poll poll_;
  Descriptor listener_;
  std::string reply_;
  std::string frame_;
  std::vector<int> watchers_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"The limit of fan-out: one send() a watcher and event."};
  std::uint16_t port = 0;
  std::string reply_file;
  std::string frame_file;
  app.add_option("--port", port, "to listen on; 0 picks one");
  app.add_option("--reply", reply_file, "the file with the bytes of the answer to a bid")->required();
  app.add_option("--frame", frame_file, "the file with the bytes of an event's frame")->required();
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  Fanout(port, read_file(reply_file), read_file(frame_file)).run();
}
