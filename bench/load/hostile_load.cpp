// Clients that mean harm, in four forms, a quarter each: headers a byte at a time, bodies a byte at a time, sockets
// that say nothing (half of them after half a request line), and WebSocket watchers that never read while events come.
// Whoever is closed comes back. Prints `attacking` when the server has taken all of them in; on SIGTERM one line of
// JSON. One thread.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/bid_request.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {
namespace {

enum class Form { slow_header, slow_body, silent, stalled };

struct Options {
  std::uint16_t port = 0;
  std::int64_t auction = 1;
  std::size_t clients = 1'000;
  std::int64_t drip_ms = 200;
  double events = 20;  // a second, on the auction that the watchers do not read
  std::int64_t first_amount = BidRequest::lowest;
  std::vector<Form> forms{Form::slow_header, Form::slow_body, Form::silent, Form::stalled};
};

class Client {
 public:
  Client(const Options& options, Form form, bool says_something)
      : options_(options), form_(form), says_something_(says_something) {
    open();
  }

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] Form form() const { return form_; }

  // One byte more of what never ends.
  void drip() const {
    if (form_ == Form::slow_header || form_ == Form::slow_body) say("a");
  }

  // A watcher never reads, and only looks whether it was closed; all others throw away what they are told. False once
  // the server has closed.
  [[nodiscard]] bool is_there() const {
    char bytes[4096];
    const ssize_t got = recv(fd(), bytes, sizeof bytes, form_ == Form::stalled ? MSG_PEEK : 0);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  }

  void open() {
    socket_ = connect_loopback(options_.port);
    switch (form_) {
      case Form::slow_header:
        return say("POST /v1/auctions/1/bids HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
      case Form::slow_body:
        return say(
            "POST /v1/auctions/1/bids HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Bidder: slow\r\nContent-Type: "
            "application/json\r\nContent-Length: 100000\r\n\r\n{");
      case Form::silent:
        return says_something_ ? say("GET /v1/auc") : void();
      case Form::stalled:
        return watch();
    }
  }

 private:
  // A hostile client does not wait either.
  void say(std::string_view bytes) const {
    static_cast<void>(send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  void watch() const {
    constexpr int small = 4'096;
    static_cast<void>(setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
    const std::string text = fmt::format(R"({{"type":"subscribe","auction_id":{}}})", options_.auction);
    std::string frame{'\x81', static_cast<char>(0x80U | text.size())};
    frame.append(4, '\0');  // a mask that leaves the bytes as they are
    say("GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
        frame + text);
  }

  const Options& options_;
  Form form_;
  bool says_something_;
  Descriptor socket_;
};

class Attack {
 public:
  explicit Attack(const Options& options)
      : options_(options), publisher_(connect_loopback(options.port)), bid_(options.auction, "publisher") {
    for (std::size_t index = 0; index < options.clients; ++index) {
      clients_.push_back(std::make_unique<Client>(options, options.forms[index % options.forms.size()],
                                                  index % (2 * options.forms.size()) < options.forms.size()));
    }
    wait_until_taken_in();
  }

  // Until the signal comes.
  void run(int signals) {
    const std::int64_t began_ns = now_ns();
    std::size_t next = 0;
    std::int64_t published = 0;
    Poll poll;
    poll.add(signals, nullptr);
    // The clients take turns, so that their bytes come evenly and not all at once: few of them, as the honest clients
    // are on this core too and wait for the end of a turn.
    const std::int64_t turn_ns =
        options_.drip_ms * 1'000'000 / static_cast<std::int64_t>((options_.clients + at_once - 1) / at_once);
    for (std::int64_t turn = 1;; ++turn) {
      for (std::int64_t now = now_ns(); now < began_ns + turn * turn_ns; now = now_ns()) {
        if (!poll.wait(began_ns + turn * turn_ns - now).empty()) return;
      }
      for (std::size_t count = 0; count < at_once; ++count) look_after(*clients_[next++ % clients_.size()]);
      const double due = static_cast<double>(now_ns() - began_ns) / 1e9 * options_.events;
      for (; static_cast<double>(published) < due; ++published) publish(options_.first_amount + published);
      next_amount_ = options_.first_amount + published;
    }
  }

  void print() const {
    fmt::print("{{\"clients\":{},\"came_back\":{},\"next_amount\":{}}}\n", clients_.size(), came_back_, next_amount_);
  }

 private:
  static constexpr std::size_t at_once = 4;

  // The kernel connects long before the server accepts. That one takes connections in order, so a last one that is
  // answered comes behind all others; a watcher is taken in once it has been told something.
  void wait_until_taken_in() const {
    const Descriptor last = connect_loopback(options_.port);
    if (!send_all(last.get(), "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")) die("asking");
    wait_readable(last.get());
    for (const auto& client : clients_) {
      if (client->form() == Form::stalled) wait_readable(client->fd());
    }
  }

  static void wait_readable(int fd) {
    constexpr int longest_ms = 30'000;
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, longest_ms) != 1) die("waiting until the server has taken all clients in");
  }

  void look_after(Client& client) {
    if (!client.is_there()) {
      client.open();
      ++came_back_;
    }
    client.drip();
  }

  void publish(std::int64_t amount) {
    char answers[16 * 1024];
    if (!send_all(publisher_.get(), bid_.with_amount(amount))) die("publishing");
    static_cast<void>(recv(publisher_.get(), answers, sizeof answers, 0));
  }

  const Options& options_;
  std::vector<std::unique_ptr<Client>> clients_;
  Descriptor publisher_;
  BidRequest bid_;
  std::uint64_t came_back_ = 0;
  std::int64_t next_amount_ = 0;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"Slow, silent and stalled clients."};
  Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--auction", options.auction, "that the watchers subscribe to");
  app.add_option("--clients", options.clients)->check(CLI::PositiveNumber);
  app.add_option("--drip-ms", options.drip_ms, "between two bytes of a slow client")->check(CLI::PositiveNumber);
  app.add_option("--events", options.events, "a second, on that auction");
  app.add_option("--first-amount", options.first_amount);
  app.add_option("--forms", options.forms, "which of them, in turn")
      ->delimiter(',')
      ->transform(CLI::Transformer(std::map<std::string, Form>{{"slow-header", Form::slow_header},
                                                               {"slow-body", Form::slow_body},
                                                               {"silent", Form::silent},
                                                               {"stalled", Form::stalled}}));
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const Descriptor signals(signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
  Attack attack(options);
  fmt::print("attacking\n");
  std::fflush(stdout);
  attack.run(signals.get());
  attack.print();
}
